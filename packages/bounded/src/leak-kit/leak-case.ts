/** What a `*.leaks.ts` file exports: scenarios that must leave nothing behind, each with a twin that does. */

/** Repeats a scenario `n` times from opening to disposal; whatever it keeps, it keeps by mistake. */
export type Repeat = (n: number, watch: Watch) => void | Promise<void>;

/** Hands an object to the kit that must be collected once the scenario is over. */
export type Watch = (object: object) => void;

/** A class whose instances are counted. */
export type Countable = abstract new (...args: never[]) => object;

export interface LeakCase {
  /** The issue it guards: `C2`. */
  readonly id: string;
  /** A sentence: `a drained queue keeps no message`. */
  readonly name: string;
  readonly run: Repeat;
  /** The same scenario with its mechanism removed: the verdict on it must be `leak`, else the check cannot fail and is itself a defect. */
  readonly twin?: Repeat | undefined;
  /** Classes of which no instance may be left over. */
  readonly constructors?: readonly Countable[] | undefined;
  /** Repetitions N of the smallest sample; the largest is 10 N. Default 500. */
  readonly repetitions?: number | undefined;
  /** Growth per repetition that is still taken for noise. Default 4 bytes. */
  readonly toleranceBytes?: number | undefined;
}

export type Verdict = 'clean' | 'leak' | 'unjudged';

export interface Judgement {
  /** False when the samples do not allow a verdict: that counts as failed. */
  readonly judged: boolean;
  readonly verdict: Verdict;
  readonly slopeBytes: number | null;
  readonly lowBytes: number | null;
  readonly highBytes: number | null;
  /** Instances left over by constructor, those that were there before subtracted. */
  readonly leftOver: Readonly<Record<string, number>>;
  /** Watched objects that were not collected. */
  readonly survivors: number;
  readonly why: string;
}
