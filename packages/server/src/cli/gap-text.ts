/** What is said of the gaps of a series. */
import type { SeriesFigures } from '@wyckoff/domain';
import { tell } from './output.ts';

/** Short, for a line of counts. */
export function wholenessOf({ gaps, quality }: Pick<SeriesFigures, 'gaps' | 'quality'>): string {
  const said = gaps === null ? 'gaps unjudged (no calendar)' : `${gaps} missing`;
  return quality === null ? said : `${said}, quality ${quality.toFixed(1)}`;
}

/** BAR_GAP. The largest, on stderr. */
export function tellGaps(series: string, { gaps, largest }: Pick<SeriesFigures, 'gaps' | 'largest'>): void {
  if (gaps === null || gaps === 0) return;
  tell(
    `${series}: BAR_GAP ${gaps} missing ${gaps === 1 ? 'bar' : 'bars'}, the largest ${largest.length === 1 ? 'gap' : 'gaps'}:`,
  );
  for (const { after, before, missing } of largest) tell(`  ${missing} between ${dateOf(after)} and ${dateOf(before)}`);
}

function dateOf(time: number): string {
  const text = new Date(time).toISOString();
  return time % 86_400_000 === 0 ? text.slice(0, 10) : text.slice(0, 16) + 'Z';
}
