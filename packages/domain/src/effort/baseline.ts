/** What volume and spread are usual: the means of the last 20 bars, against which a bar's effort is measured (detection.md 2.2). */
import { fraction } from '../bar/fraction.ts';
import type { Features } from './features.ts';

const WINDOW = 20;

export class Baseline {
  readonly volumes = new Float64Array(WINDOW);
  readonly spreads = new Float64Array(WINDOW);
  next = 0;
  count = 0;
  volumeSum = fraction(0);
  spreadSum = fraction(0);

  /** NaN before 20 samples, or when nothing was traded. Kept as numbers, because every bar asks. */
  meanVolume = NaN;
  /** NaN before 20 samples; may be 0. */
  meanSpread = NaN;

  /** BAS-1. A print larger than `clip` means enters as that; a bar without trade does not enter. */
  push(now: Features, clip: number): void {
    const volume = now.volume;
    const spread = now.high - now.low;
    if (volume === 0 && spread === 0) return;
    const mean = this.meanVolume;
    const entered = mean === mean && volume > clip * mean ? clip * mean : volume;
    const at = this.next;
    this.volumeSum += entered - this.volumes[at];
    this.spreadSum += spread - this.spreads[at];
    this.volumes[at] = entered;
    this.spreads[at] = spread;
    this.next = at + 1;
    if (this.count < WINDOW) this.count++;
    if (this.next === WINDOW) this.#resum();
    this.#settle();
  }

  /** Sum of the last 10 volumes divided by that of the 10 before; NaN before 20 samples. */
  get volumeHalves(): number {
    if (this.count < WINDOW) return NaN;
    let late = 0;
    for (let i = 1; i <= WINDOW / 2; i++) late += this.volumes[(this.next - i + WINDOW) % WINDOW];
    let all = 0;
    for (let i = 0; i < WINDOW; i++) all += this.volumes[i];
    return late / (all - late);
  }

  adjust(priceFactor: number): void {
    for (let i = 0; i < WINDOW; i++) {
      this.volumes[i] /= priceFactor;
      this.spreads[i] *= priceFactor;
    }
    this.#resum();
    this.#settle();
  }

  #settle(): void {
    const full = this.count === WINDOW;
    this.meanVolume = full && this.volumeSum > 0 ? this.volumeSum / WINDOW : NaN;
    this.meanSpread = full ? this.spreadSum / WINDOW : NaN;
  }

  /** From the ring, every 20 pushes, so that the running sums never drift. */
  #resum(): void {
    if (this.next === WINDOW) this.next = 0;
    let volume = 0;
    let spread = 0;
    for (let i = 0; i < WINDOW; i++) {
      volume += this.volumes[i];
      spread += this.spreads[i];
    }
    this.volumeSum = volume;
    this.spreadSum = spread;
  }
}
