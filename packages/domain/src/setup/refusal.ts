/** A refusal is a value: which rule, what was measured, what the limit was, one sentence for people. */
export interface Refusal {
  readonly code: string;
  readonly measured: number | null;
  readonly limit: number | null;
  readonly sentence: string;
}

export function refusal(
  code: string,
  sentence: string,
  figures: { readonly measured?: number; readonly limit?: number } = {},
): Refusal {
  return { code, sentence, measured: figures.measured ?? null, limit: figures.limit ?? null };
}
