/** Real sockets under a clock of our own: hours of waiting pass while the network is given its real milliseconds. */
import { VirtualClock } from '@wyckoff/bounded/leak-kit';

const PATIENT_TURNS = 250;

export class VirtualTime {
  readonly clock = new VirtualClock();
  readonly #epochMs: number;

  /** @param epochMs the wall clock at the beginning. */
  constructor(epochMs: number) {
    this.#epochMs = epochMs;
  }

  readonly now = (): number => this.#epochMs + this.clock.now();

  /**
   * Lets time pass again and again, and real turns between, until something is so. Without `stepMs` the steps are short while only the network
   * is waited for, and longer once it must be a time limit: each step costs a real millisecond.
   */
  async until(
    so: () => boolean,
    { stepMs, what = so.toString() }: { readonly stepMs?: number; readonly what?: string } = {},
  ): Promise<void> {
    for (let turn = 0; turn < 4000; turn += 1) {
      if (so()) return;
      await realTurn();
      this.clock.advance(stepMs ?? (turn < PATIENT_TURNS ? 20 : 200));
    }
    throw new Error(`expected within 4000 steps, now at ${this.clock.now()} ms: ${what}`);
  }

  /** Lets time pass. */
  async pass(ms: number, stepMs = 1000): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await realTurn();
      this.clock.advance(Math.min(left, stepMs));
    }
    await realTurn();
  }
}

export async function realTurn(ms = 1): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
