/** How splits and days are written on the command line and in files of corporate actions. */

/** Old prices x this are comparable with the new ones. */
export function priceFactorOf(text: string): number | null {
  const match = /^([0-9]{1,6}(?:\.[0-9]{1,6})?):([0-9]{1,6}(?:\.[0-9]{1,6})?)$/.exec(text.trim());
  if (match === null) return null;
  const factor = Number(match[2]) / Number(match[1]);
  return Number.isFinite(factor) && factor > 0 && factor !== 1 ? factor : null;
}

/** Midnight UTC of a day, or null. */
export function dayOf(text: string): number | null {
  const day = /^\d{4}-\d\d-\d\d$/.test(text.trim()) ? Date.parse(text.trim()) : NaN;
  return Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== text.trim() ? null : day;
}
