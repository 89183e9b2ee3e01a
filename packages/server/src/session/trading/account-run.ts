/** One account at work, as the desks of a session see it: commands go in and are answered, how it stands can be read. */
import type { Account, CommandAnswer, EpochMs, Fact, Position, TradingCommand, TradingState } from '@wyckoff/domain';
import type { Series } from '../../store/store.ts';

/** Who is behind an input; kept with it in the journal. */
export interface InputBy {
  readonly actor: string;
  /** Id of the request, or its idempotency key: a repeat is found by it. */
  readonly requestId: string | null;
}

/** What a command did: its answer, and the facts it led to. */
export interface Outcome {
  readonly answer: CommandAnswer;
  readonly facts: readonly Fact[];
}

export interface AccountRun {
  readonly accountId: string;
  readonly trading: TradingState;
  /** As of the last committed bar or input. */
  readonly account: Account;
  readonly openPositions: readonly Position[];
  /** What it works on. */
  readonly series: readonly Series[];
  /** Opening time of the newest bar it has of a series; null: it has had none. */
  newestOf(symbol: string, timeframe: string): EpochMs | null;
  /** Ids of the signals that wait for approval. */
  readonly pending: readonly string[];
  /** Resolves when the command and its facts are stored. Rejects when the account cannot go on: the store is gone, or the engine ended. */
  command(command: TradingCommand, by: InputBy): Promise<Outcome>;
  /** What the command would do; nothing changes. */
  rehearse(command: TradingCommand, by: InputBy): Promise<Outcome>;
}
