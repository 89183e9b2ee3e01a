/** What a venue does wrong on demand: each fault is used up by the requests it is meant for. */

/**
 * `before`: the venue never acted. `after`: it acted, and the answer is lost. `hang`: no answer at all. `html`: something in between answered.
 */
export const FAULTS = [
  'hang-before',
  'hang-after',
  'reset-before',
  'reset-after',
  '500-before',
  '500-after',
  '429',
  'html',
  'garbage',
] as const;
export type FaultKind = (typeof FAULTS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** `POST`, `GET` ...; default every method. */
  readonly method?: string;
  /** Part of the path; default every path. */
  readonly path?: string;
  /** How many requests it meets; default 1. */
  readonly times?: number;
  /** Of a 429; default 1. */
  readonly retryAfterSeconds?: number;
}

export class FaultList {
  #faults: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#faults = [];
  }

  /** The fault that meets this request, used up by it. */
  take(method: string, path: string): Fault | null {
    const met = this.#faults.find(
      ({ fault, left }) => left > 0 && (fault.method ?? method) === method && path.includes(fault.path ?? ''),
    );
    if (met === undefined) return null;
    met.left -= 1;
    return met.fault;
  }
}
