/** How a number becomes text: the one place where per cent, signs and units are made (web.md 2.2). */

/** What the number is; money comes in micros of the currency, quantity in millionths, percent as a fraction. */
export type FigureKind = 'price' | 'money' | 'percent' | 'quantity' | 'volume' | 'ratio' | 'r' | 'bytes' | 'count';

export interface FigureOptions {
  readonly kind: FigureKind;
  /** Digits after the point where the kind leaves it open. */
  readonly decimals?: number | undefined;
  /** A change carries its sign and ▲ or ▼. */
  readonly change?: boolean | undefined;
}

/** The parts of a shown figure. */
export interface FigureText {
  readonly text: string;
  /** Everything that is known, for the tooltip; empty when `text` says it all. */
  readonly full: string;
  readonly direction: 'up' | 'down' | 'flat';
}

/** What an undefined figure looks like. */
export const NOTHING = '–';
const MINUS = '\u2212';
const NO_BREAK = '\u00a0';

const formats: Readonly<Record<number, Intl.NumberFormat>> = Object.fromEntries(
  [0, 1, 2, 3, 4, 5, 6, 7, 8].map((digits) => [
    digits,
    new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  ]),
);

/** Thousands separated, fixed digits, true minus; a rounded zero has no sign. */
export function plain(value: number, decimals: number): string {
  const digits = formats[Math.min(8, Math.max(0, decimals))].format(Math.abs(value));
  return value < 0 && /[1-9]/.test(digits) ? MINUS + digits : digits;
}

/** Digits after the point that a tick size needs: 0.25 -> 2, 1 -> 0. */
export function tickDecimals(tickSize: number): number {
  const text = tickSize.toFixed(8).replace(/0+$/, '');
  return Math.min(8, text.length - 1 - text.indexOf('.'));
}

const SCALES = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
] as const;

function scaled(value: number): string {
  const scale = SCALES.find(([least]) => Math.abs(value) >= least);
  return scale === undefined ? plain(value, Number.isInteger(value) ? 0 : 2) : plain(value / scale[0], 2) + NO_BREAK + scale[1];
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const step = value < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(value) / 10));
  return plain(value / 1024 ** step, step < 2 ? 0 : 1) + NO_BREAK + units[step];
}

function body(value: number, { kind, decimals }: FigureOptions): string {
  switch (kind) {
    case 'price':
    case 'ratio':
      return plain(value, decimals ?? 2);
    case 'money':
      return plain(value / 1e6, decimals ?? 2);
    case 'percent':
      return plain(value * 100, decimals ?? 2) + NO_BREAK + '%';
    case 'quantity':
      return plain(value / 1e6, quantityDecimals(value));
    case 'volume':
      return scaled(value);
    case 'r':
      return plain(value, 2) + NO_BREAK + 'R';
    case 'bytes':
      return bytes(value);
    case 'count':
      return plain(value, 0);
  }
}

/** Only the digits a quantity has: 8,680,000 millionths are 8.68. */
function quantityDecimals(millionths: number): number {
  const digits = String(Math.abs(Math.round(millionths)) % 1e6).padStart(6, '0');
  return digits.replace(/0+$/, '').length;
}

function direction(shown: string): FigureText['direction'] {
  if (!/[1-9]/.test(shown)) return 'flat';
  return shown.startsWith(MINUS) ? 'down' : 'up';
}

/** The figure as text; null, undefined and NaN are "–". */
export function figureText(value: number | null | undefined, options: FigureOptions): FigureText {
  if (value === null || value === undefined || Number.isNaN(value))
    return { text: NOTHING, full: 'not known', direction: 'flat' };
  if (!Number.isFinite(value)) return { text: value > 0 ? '∞' : MINUS + '∞', full: '', direction: value > 0 ? 'up' : 'down' };
  const shown = body(value, options);
  const full = options.kind === 'volume' ? plain(value, 0) : options.kind === 'bytes' ? `${plain(value, 0)} bytes` : '';
  if (options.change !== true) return { text: shown, full, direction: 'flat' };
  const towards = direction(shown);
  const sign = towards === 'up' ? '+' : '';
  return { text: sign + shown, full, direction: towards };
}

/** The mark that goes with a direction, so that colour is never alone. */
export const ARROWS = { up: '▲', down: '▼', flat: '' } as const;

/** An age in words: `0.4 s`, `12 s`, `3 min`, `2 h`, `5 d`; below zero counts as now. */
export function ageText(ageMs: number | null): string {
  if (ageMs === null || Number.isNaN(ageMs)) return NOTHING;
  const seconds = Math.max(0, ageMs) / 1000;
  if (seconds < 1) return `${seconds.toFixed(1)}${NO_BREAK}s`;
  if (seconds < 120) return `${String(Math.floor(seconds))}${NO_BREAK}s`;
  if (seconds < 7_200) return `${String(Math.floor(seconds / 60))}${NO_BREAK}min`;
  if (seconds < 172_800) return `${String(Math.floor(seconds / 3_600))}${NO_BREAK}h`;
  return `${String(Math.floor(seconds / 86_400))}${NO_BREAK}d`;
}
