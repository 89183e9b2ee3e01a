/** What went wrong at a provider, in the words of one table. */

export const PROVIDER_FAULTS = [
  /** No answer: network, time-out, 5xx; later it may go well. */
  'DATA_UNAVAILABLE',
  /** The answer is not what the protocol says: HTML, cut JSON, another form. */
  'DATA_MALFORMED',
  /** Pages that never end: the same page again and again. */
  'DATA_STUCK',
  /** Asked too often, also after waiting. */
  'DATA_LIMITED',
  /** Key missing, refused, or not entitled. */
  'DATA_REFUSED',
  /** The provider does not know the symbol or the timeframe. */
  'DATA_UNKNOWN',
  /** The provider needs a package that is not here. */
  'DATA_NOT_INSTALLED',
] as const;
export type ProviderFaultCode = (typeof PROVIDER_FAULTS)[number];

const REMEDY: Readonly<Record<ProviderFaultCode, string>> = {
  DATA_UNAVAILABLE: 'Try again later with --resume; what was written is kept.',
  DATA_MALFORMED: 'Look whether the base URL is right and nothing stands between; nothing of this page was used.',
  DATA_STUCK: 'Ask for a shorter span; what was written is kept.',
  DATA_LIMITED: 'Wait a minute and use --resume; what was written is kept.',
  DATA_REFUSED: "Check the provider's key and what its plan allows.",
  DATA_UNKNOWN: 'Check the spelling at the provider.',
  DATA_NOT_INSTALLED: 'Install it beside wyckoff, or choose another provider.',
};

export class ProviderFault extends Error {
  readonly code: ProviderFaultCode;
  readonly remedy: string;

  /** @param says what was expected and what was; never holds a key. */
  constructor(code: ProviderFaultCode, says: string) {
    super(`${code}: ${says}`);
    this.name = 'ProviderFault';
    this.code = code;
    this.remedy = REMEDY[code];
  }
}
