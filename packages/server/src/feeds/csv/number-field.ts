/** A number read straight from the bytes of a field, equal to what `Number` makes of the same text. */

const ZERO = 48;
const POINT = 46;
const COMMA = 44;
const MINUS = 45;
const PLUS = 43;

/** Powers of ten that a double holds exactly: mantissa / power is then the correctly rounded quotient. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
/** Below this one more digit still fits into 2^53. */
const MANTISSA_LIMIT = 900_719_925_474_099;

const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const PLAIN_COMMA = /^[+-]?(?:\d+,\d*|,\d+)(?:e[+-]?\d+)?$/i;
const GROUPED_BY_COMMA = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const GROUPED_BY_POINT = /^[+-]?\d{1,3}(?:\.\d{3})+,\d+$/;

/** One reused window over the bytes of a line: the field being read. */
export interface FieldView {
  bytes: Uint8Array;
  start: number;
  /** Exclusive. */
  end: number;
  /** True where the delimiter is no comma: `1469,25` is a number then. */
  decimalComma: boolean;
}

/** The number in the field, which is already trimmed; NaN when it is none. */
export function numberIn(field: FieldView): number {
  const { bytes, start, end, decimalComma } = field;
  let at = start;
  const sign = bytes[at];
  if (sign === MINUS || sign === PLUS) at += 1;
  let mantissa = 0;
  let digits = 0;
  let decimals = -1;
  for (; at < end; at += 1) {
    const byte = bytes[at];
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (mantissa >= MANTISSA_LIMIT) return slowNumber(field);
      mantissa = mantissa * 10 + digit;
      digits += 1;
      if (decimals >= 0) decimals += 1;
    } else if (decimals < 0 && (byte === POINT || (byte === COMMA && decimalComma))) {
      decimals = 0;
    } else {
      return slowNumber(field);
    }
  }
  if (digits === 0) return NaN;
  if (decimals > 22) return slowNumber(field);
  const value = decimals > 0 ? mantissa / POWERS[decimals] : mantissa;
  return sign === MINUS ? 0 - value : value;
}

/** Exponents, thousands separators and more digits than a double keeps: rare enough to go through text. */
function slowNumber({ bytes, start, end, decimalComma }: FieldView): number {
  if (end - start > 64) return NaN;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  if (PLAIN.test(text)) return Number(text);
  if (decimalComma) {
    if (PLAIN_COMMA.test(text)) return Number(text.replace(',', '.'));
    return GROUPED_BY_POINT.test(text) ? Number(text.replaceAll('.', '').replace(',', '.')) : NaN;
  }
  return GROUPED_BY_COMMA.test(text) ? Number(text.replaceAll(',', '')) : NaN;
}
