/** How a verb ends (interface.md 8). */
export const EXIT = {
  done: 0,
  /** No valid bar in the input, or something failed that should not. */
  failed: 1,
  /** Wrong usage or form of input: unknown option, missing column. */
  usage: 2,
  configuration: 3,
  /** A run without the bars or trades it needs. */
  nothingToRun: 4,
  /** A certificate or an accuracy gate failed. */
  gateFailed: 5,
  /** Store, Redis or server cannot be reached. */
  unreachable: 6,
  /** Refused by a rule: halted, not eligible, not permitted. */
  refused: 7,
  interrupted: 130,
} as const;

/** Ends a verb with a sentence on stderr and its exit code. */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number, sentence: string) {
    super(sentence);
    this.name = 'Exit';
    this.code = code;
  }
}
