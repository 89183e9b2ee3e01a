/** Watches resident memory against the declared budget and gives up comfort before correctness (memory.md 1). */

export type Level = 0 | 1 | 2 | 3;

const THRESHOLDS = [0.7, 0.85, 0.95] as const;
const RELEASE_BELOW = 0.6;

/** Rises with the thresholds; falls only when memory is below 60 %, and then altogether. */
export function nextLevel(level: Level, ratio: number): Level {
  if (ratio < RELEASE_BELOW) return 0;
  const reached = THRESHOLDS.filter((threshold) => ratio >= threshold).length as Level;
  return reached > level ? reached : level;
}

export interface GovernorOptions {
  readonly budgetBytes: number;
  readonly rssBytes: () => number;
  /** Level 1 and above, and back: to the log. */
  readonly onChange: (change: { readonly from: Level; readonly to: Level; readonly ratio: number }) => void;
  /** Level 2 and above: caches cleared, rings halved, newcomers turned away; false undoes it. */
  readonly shed: (shedding: boolean) => void;
  /** Level 3, once until released: a heap snapshot, then a restart when somebody starts us again. */
  readonly lastResort: () => void;
}

export class Governor {
  readonly #o: GovernorOptions;
  #level: Level = 0;
  #changes = 0;

  constructor(options: GovernorOptions) {
    this.#o = options;
  }

  get level(): Level {
    return this.#level;
  }

  /** How often the level changed. */
  get changes(): number {
    return this.#changes;
  }

  get budgetBytes(): number {
    return this.#o.budgetBytes;
  }

  /** Resident memory as a fraction of the budget. */
  ratio(): number {
    return this.#o.rssBytes() / this.#o.budgetBytes;
  }

  /** Looks once; called every few seconds. */
  check(): void {
    const ratio = this.ratio();
    const from = this.#level;
    const to = nextLevel(from, ratio);
    if (to === from) return;
    this.#level = to;
    this.#changes += 1;
    this.#o.onChange({ from, to, ratio });
    if (to >= 2 !== from >= 2) this.#o.shed(to >= 2);
    if (to === 3) this.#o.lastResort();
  }
}
