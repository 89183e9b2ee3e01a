/** Ties an account to the desk of its venue: orders go out when they are journalled, reports come in and are confirmed when they are. */
import type { Scope } from '@wyckoff/bounded';
import type { BrokerReport, EpochMs, Instruction } from '@wyckoff/domain';
import type { BrokerInput, LiveDesk } from '../../brokers/live-desk.ts';
import type { Broker } from '../../brokers/broker.ts';
import { isOfStore } from '../recovery.ts';
import type { DirectVenue } from './halting.ts';

/** A report that could not be stored is booked again after so long. */
const AGAIN_MS = 1_000;

/** What the link needs of an account. */
export interface LinkedRun {
  readonly accountId: string;
  broker(at: EpochMs, reports: readonly BrokerReport[], venue: string): Promise<void>;
}

export interface LiveLinkOptions {
  readonly scope: Scope;
  readonly desk: LiveDesk;
  readonly venue: string;
  readonly run: () => LinkedRun | null;
  /** The account can take no more reports: it ended, and a restart continues where it stood. */
  readonly onBroken: (error: unknown) => void;
}

export class LiveLink {
  readonly #options: LiveLinkOptions;
  #isBusy = false;

  constructor(options: LiveLinkOptions) {
    this.#options = options;
  }

  /** For `RunOptions.venue`: resolves when the orders are on disk at the desk; sending is the desk's business. */
  readonly take = (orders: readonly Instruction[]): Promise<void> => this.#options.desk.take(orders);

  /** A report is being booked: the account does not show it yet. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** From now on every report becomes an input; the same report twice changes nothing, so it is confirmed after the commit. */
  start(): void {
    const { scope, desk, onBroken } = this.#options;
    scope.task('venue reports', async (signal) => {
      try {
        for (let row = await desk.next(signal); row !== undefined; row = await desk.next(signal)) {
          this.#isBusy = true;
          await this.#book(row);
          this.#isBusy = false;
        }
      } catch (error) {
        if (!signal.aborted) onBroken(error);
      }
    });
  }

  /** While the store is away the report waits here, and the others at the desk. */
  async #book(row: BrokerInput): Promise<void> {
    const { scope, desk, venue, run } = this.#options;
    for (;;) {
      try {
        const account = run();
        if (account === null) throw new Error(`venue reports: expected an account for ${venue}, was none`);
        await account.broker(row.at, row.reports, venue);
        await desk.confirm(row.seq);
        return;
      } catch (error) {
        if (!isOfStore(error)) throw error;
        await scope.delay(AGAIN_MS, 'venue reports');
      }
    }
  }
}

/** The venue itself, for a halt that the account does not answer. */
export function directVenue(accountId: string, desk: LiveDesk, broker: Broker): DirectVenue {
  return {
    name: broker.name,
    accountId,
    async ping() {
      await broker.account();
    },
    cancelEntries: () => desk.cancelEntries('KILL_SWITCH'),
    // Not the venue's own "close all": its orders bear no name of ours, and the account would close the same position once more.
    async closeAll(activationId) {
      const closed = await desk.flatten(activationId, { drill: false });
      return closed.map(({ symbol, sentence, state }) => ({ symbol, sentence, failed: state === 'FAILED' }));
    },
  };
}
