/** The known key a mistyped one was probably meant to be. */

/** The known key with the fewest letters changed, at most a third of them; null when none is near. */
export function nearestKey(typed: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(typed.length / 3)) + 1;
  for (const key of known) {
    const distance = lettersChanged(typed.toLowerCase(), key.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    best = key;
  }
  return best;
}

/** Levenshtein distance over one row. */
function lettersChanged(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0];
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const changed = Math.min(row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1));
      diagonal = row[j];
      row[j] = changed;
    }
  }
  return row[b.length];
}
