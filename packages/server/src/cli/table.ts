/** Plain columns of text for people. */

/** Right-aligned where a column's cells are numbers; two blanks between columns. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => rows.reduce((width, row) => Math.max(width, row[i].length), title.length));
  const numeric = head.map((_, i) => rows.length > 0 && rows.every((row) => /^[-+]?[\d.,]*%?$|^–$/.test(row[i])));
  const format = (row: readonly string[]): string =>
    row.map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ').trimEnd(); // prettier-ignore
  return [format(head), ...rows.map(format)];
}

/** An undefined figure is shown as a dash, never as a number. */
export function figure(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits);
}

/** A bar's time: the day, with the clock when it is not midnight. */
export function timeText(time: number): string {
  const iso = new Date(time).toISOString();
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso.slice(0, 16).replace('T', ' ');
}

/** A price for people: six significant digits, two to eight decimals, no zeros beyond the second. */
export function priceText(price: number): string {
  if (!Number.isFinite(price)) return '–';
  const whole = price === 0 ? 1 : Math.floor(Math.log10(Math.abs(price))) + 1;
  const digits = price.toFixed(Math.min(8, Math.max(2, 6 - whole)));
  return digits.replace(/(\.\d\d\d*?)0+$/, '$1');
}

/** A number with at most so many decimals, none where it is whole. */
export function plainText(value: number, decimals: number): string {
  return Number.isFinite(value) ? String(Number(value.toFixed(decimals))) : '–';
}
