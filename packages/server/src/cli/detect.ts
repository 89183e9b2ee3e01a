/** `wyckoff detect`: scans a file of bars and prints what the detector records, in the order in which it became knowable. */
import { BarCursor, createDetectorInContext, type DetectionEvent } from '@wyckoff/domain';
import { readSeries } from '../jobs/series-input.ts';
import { instrumentOf, type BarOptions } from './bar-options.ts';
import { GateTally, printFunnelJson, printFunnelTables } from './funnel-report.ts';
import { Output, tell } from './output.ts';
import { rulesOf } from './rules.ts';
import { figure, tableLines, timeText } from './table.ts';

export interface DetectOptions extends BarOptions {
  readonly funnel?: boolean;
}

/** Rows of the table whose widths are settled together; records are printed as they come, not kept. */
const TABLE_ROWS = 200;
const HEAD = ['confirmed', 'event', 'status', 'way', 'phase', 'price', 'volume', 'confidence', 'tradeable', 'reasons'];

export async function detect(options: DetectOptions): Promise<void> {
  const rules = await rulesOf(options);
  const { columns, symbol } = await readSeries(options);
  const instrument = { ...instrumentOf(options), symbol };
  const detector = createDetectorInContext(instrument, options.timeframe, { pack: rules.pack });
  const gates = new GateTally();
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
      gates.hear(event);
      if (!asRecords) continue;
      if (options.json === true) output.json(event);
      else if (rows.push(tableRow(event)) >= TABLE_ROWS) printTable();
    }
  }
  printTable();
  if (!asRecords) {
    const funnel = detector.funnel();
    if (options.json === true) printFunnelJson(output, funnel, { gates: gates.rows(funnel), rules });
    else printFunnelTables(output, funnel, gates.rows(funnel));
  }
  output.flush();
  if (options.json !== true && options.quiet !== true)
    tell(`${count} records in ${columns.length} bars, rules ${rules.name} ${rules.hash}`);
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
