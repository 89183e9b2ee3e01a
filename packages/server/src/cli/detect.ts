/** `wyckoff detect`: scans a file of bars and prints what the detector records, in the order in which it became knowable. */
import { BarCursor, createDetector, type DetectionEvent, type Funnel } from '@wyckoff/domain';
import { instrumentOf, readBars, type BarOptions } from './bar-options.ts';
import { Output, tell } from './output.ts';
import { figure, tableLines, timeText } from './table.ts';

export interface DetectOptions extends BarOptions {
  readonly funnel?: boolean;
}

/** Rows of the table whose widths are settled together; records are printed as they come, not kept. */
const TABLE_ROWS = 200;
const HEAD = ['confirmed', 'event', 'status', 'way', 'phase', 'price', 'volume', 'confidence', 'tradeable', 'reasons'];

export async function detect(options: DetectOptions): Promise<void> {
  const { columns } = await readBars(options);
  const detector = createDetector(instrumentOf(options), options.timeframe, { pack: options.rules });
  const output = new Output();
  const asRecords = options.funnel !== true;
  const rows: string[][] = [];
  const bar = new BarCursor(columns);
  let count = 0;
  const printTable = (): void => {
    if (rows.length > 0) for (const line of tableLines(HEAD, rows)) output.line(line);
    rows.length = 0;
  };
  for (let row = 0; row < columns.length && !output.closed; row += 1) {
    for (const event of detector.onBar(bar.at(row))) {
      count += 1;
      if (!asRecords) continue;
      if (options.json === true) output.json(event);
      else if (rows.push(tableRow(event)) >= TABLE_ROWS) printTable();
    }
  }
  printTable();
  if (!asRecords) printFunnel(output, detector.funnel(), options.json === true);
  output.flush();
  if (options.json !== true && options.quiet !== true) tell(`${count} records in ${columns.length} bars`);
}

function tableRow(event: DetectionEvent): string[] {
  return [
    timeText(event.confirmTime),
    event.kind,
    event.status,
    event.hypothesis === 1 ? 'accumulation' : 'distribution',
    event.phase ?? '–',
    figure(event.price, 2),
    figure(event.volRatio, 2),
    figure(event.confidence, 0),
    event.tradeable ? 'yes' : 'no',
    event.reasons.join(' '),
  ];
}

function printFunnel(output: Output, funnel: Funnel, asJson: boolean): void {
  if (asJson) {
    output.json({ funnel });
    return;
  }
  const { bars, seeds, formedByEvent, formedByStructure, active, broken, failedBreaks } = funnel;
  const stages = { bars, seeds, formedByEvent, formedByStructure, active, broken, failedBreaks };
  for (const line of tableLines(['stage', 'count'], Object.entries(stages).map(([stage, n]) => [stage, String(n)]))) output.line(line); // prettier-ignore
  const kinds = [
    ...new Set([...Object.keys(funnel.confirmed), ...Object.keys(funnel.refused), ...Object.keys(funnel.gated)]),
  ] as (keyof Funnel['confirmed'])[];
  const reasons = (of: Readonly<Partial<Record<string, number>>> | undefined): string =>
    Object.entries(of ?? {}).sort((a, b) => (b[1] ?? 0) - (a[1] ?? 0)).slice(0, 4).map(([code, n]) => `${code} ${n}`).join(', '); // prettier-ignore
  const rows = kinds.map((kind) => [
    kind,
    String(funnel.confirmed[kind] ?? 0),
    String(funnel.tradeable[kind] ?? 0),
    reasons(funnel.refused[kind]),
    reasons(funnel.gated[kind]),
  ]);
  output.line('');
  for (const line of tableLines(['event', 'confirmed', 'tradeable', 'refused by', 'not tradeable by'], rows)) output.line(line);
}
