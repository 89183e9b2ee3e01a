/** The outcome of one certificate: what was compared, and where it differed. */

export const CERTIFICATES = [
  'determinism',
  'append-only',
  'prefix',
  'poisoned-future',
  'repaint-probe',
  'chunks',
  'snapshot',
  'scale',
  'mirror',
] as const;
export type CertificateName = (typeof CERTIFICATES)[number];

export interface Mismatch {
  readonly bar: number;
  /** Which comparison: a cut, a kind of poison, a chunk size. */
  readonly what: string;
  readonly expected: string;
  readonly was: string;
}

export interface Certificate {
  readonly certificate: CertificateName;
  /** PASS only after an executed comparison of at least one bar. */
  readonly verdict: 'PASS' | 'FAIL' | 'NOT_RUN';
  /** Bars compared. */
  readonly compared: number;
  /** Bars at which there was something to compare. */
  readonly facts: number;
  /** All of them, counted. */
  readonly mismatchCount: number;
  /** The first 20. */
  readonly mismatches: readonly Mismatch[];
}

const MISMATCHES_KEPT = 20;
const TEXT_KEPT = 240;

/** Gathers comparisons into a certificate. */
export class Ledger {
  readonly #name: CertificateName;
  // bounded: MISMATCHES_KEPT
  readonly #mismatches: Mismatch[] = [];
  #compared = 0;
  #facts = 0;
  #differ = 0;

  constructor(name: CertificateName) {
    this.#name = name;
  }

  compared(bars: number, facts: number): void {
    this.#compared += bars;
    this.#facts += facts;
  }

  /** Texts are asked for only while mismatches are kept. */
  mismatch(bar: number, what: string, texts: () => { readonly expected: string; readonly was: string }): void {
    this.#differ += 1;
    if (this.#mismatches.length >= MISMATCHES_KEPT) return;
    const { expected, was } = texts();
    this.#mismatches.push({ bar, what, expected: clip(expected), was: clip(was) });
  }

  certificate(): Certificate {
    const verdict = this.#compared === 0 ? 'NOT_RUN' : this.#differ === 0 ? 'PASS' : 'FAIL';
    return {
      certificate: this.#name,
      verdict,
      compared: this.#compared,
      facts: this.#facts,
      mismatchCount: this.#differ,
      mismatches: this.#mismatches,
    };
  }
}

function clip(text: string): string {
  const shown = text === '' ? '(nothing)' : text;
  return shown.length > TEXT_KEPT ? `${shown.slice(0, TEXT_KEPT)}...` : shown;
}
