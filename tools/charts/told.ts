/** What the detector says over the demo series, bar by bar: records, the edges of its range, the phases. */
import { createDetector, type DetectionEvent, type Phase } from '@wyckoff/domain';
import { readFileSync } from 'node:fs';
import { DEMO_SYMBOL, DEMO_TIMEFRAME, demoFile } from '../../packages/server/src/session/demo-series.ts';

interface PlainBar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** After the bar of the same index: null where there was no range. */
interface Standing {
  readonly rangeId: number;
  readonly startBar: number;
  readonly support: number;
  readonly resistance: number;
  readonly broken: boolean;
  /** Accumulation, distribution. */
  readonly phases: readonly [Phase | null, Phase | null];
}

export interface Told {
  readonly bars: readonly PlainBar[];
  readonly standings: readonly (Standing | null)[];
  readonly records: readonly DetectionEvent[];
}

/** The S&P 500 as `classic` hears it. */
export function tellDemoSeries(): Told {
  const bars = demoBars();
  const detector = createDetector(DEMO_SYMBOL, DEMO_TIMEFRAME, { pack: 'classic' });
  const standings: (Standing | null)[] = [];
  const records: DetectionEvent[] = [];
  let revision = -1;
  let standing: Standing | null = null;
  for (const bar of bars) {
    records.push(...detector.onBar(bar));
    if (detector.revision !== revision) {
      revision = detector.revision;
      const { range } = detector.view();
      standing = range && {
        rangeId: range.rangeId,
        startBar: range.startBar,
        support: range.support.edge,
        resistance: range.resistance.edge,
        broken: range.state.startsWith('BROKEN'),
        phases: [range.hypotheses[0]?.phase ?? null, range.hypotheses[1]?.phase ?? null],
      };
    }
    standings.push(standing);
  }
  return { bars, standings, records };
}

function demoBars(): PlainBar[] {
  const text = readFileSync(demoFile(), 'utf8');
  const [head, ...rows] = text.trim().split(/\r?\n/);
  const names = (head ?? '').split(',');
  return rows.map((row) => {
    const cells = row.split(',');
    const value = (name: string): number => Number(cells[names.indexOf(name)]);
    return {
      time: Date.parse(cells[names.indexOf('date')] ?? ''),
      open: value('open'),
      high: value('high'),
      low: value('low'),
      close: value('close'),
      volume: value('volume'),
    };
  });
}
