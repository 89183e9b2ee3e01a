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
