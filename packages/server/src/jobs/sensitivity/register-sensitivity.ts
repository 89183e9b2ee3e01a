/** `wyckoff sensitivity`. */
import type { Command } from 'commander';
import { instrumentOf, withBarOptions, type BarOptions } from '../../cli/bar-options.ts';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { Output } from '../../cli/output.ts';
import { rulesOf, type Rules } from '../../cli/rules.ts';
import { figure, tableLines } from '../../cli/table.ts';
import { interruptible, Progress } from '../progress.ts';
import type { SensitivityReport, SweptThreshold, SweptVariant } from './sensitivity.ts';

interface Options extends BarOptions {
  readonly param?: string;
}

export function registerSensitivity(program: Command): void {
  withBarOptions(
    program
      .command('sensitivity')
      .description('How the records change when one threshold changes: the same bars at 0.8, 0.9, 1.1 and 1.2 times its value.'),
  )
    .option('--param <name>', 'only this threshold, for example lpsWindow or habit.sosVol')
    .addHelpText(
      'after',
      '\nReads CSV or .parquet. Quantiles move by shares of their tail, switches are turned over. Influence is the mean of 1 - Jaccard.\nWith --json: one object. Ctrl-C prints what was swept so far and exits 130.\nExample: wyckoff sensitivity --input SPX.csv --asset-class index',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { sensitivity, TooManyRecords } = await import('./sensitivity.ts');
  const { readSeries } = await import('../series-input.ts');
  const rules = await rulesOf(options);
  if (options.param !== undefined) await refuseUnknown(options.param, rules);
  const { columns, symbol } = await readSeries(options);
  const progress = new Progress('sensitivity', options.quiet !== true);
  using interrupt = interruptible();
  const report = await sensitivity({
    columns,
    instrument: { ...instrumentOf(options), symbol },
    timeframe: options.timeframe,
    pack: rules.pack,
    signal: interrupt.signal,
    onProgress: (done, total) => progress.show(done, total, 'runs'),
    ...(options.param === undefined ? {} : { param: options.param }),
  }).catch((error: unknown) => {
    throw error instanceof TooManyRecords ? new Exit(EXIT.failed, error.message) : error;
  });
  progress.done();
  const output = new Output();
  const run = { symbol, timeframe: options.timeframe, rules: rules.name, rulesHash: rules.hash };
  if (options.json === true) output.json({ ...run, ...report });
  else printTables(output, report, `${symbol} ${options.timeframe}, rules ${rules.name} ${rules.hash}`);
  output.flush();
  if (report.interrupted) throw new Exit(EXIT.interrupted, `interrupted; ${report.thresholds.length} thresholds were swept.`);
}

async function refuseUnknown(param: string, { pack, name }: Rules): Promise<void> {
  const { nearestKey } = await import('@wyckoff/contracts/rule-packs');
  const { thresholdNames, thresholdsOf } = await import('./variants.ts');
  const known = thresholdNames(pack);
  if (!known.includes(param)) {
    const near = nearestKey(param, known);
    throw new Exit(EXIT.usage, `--param ${param}: unknown threshold of ${name}${near === null ? '' : `; did you mean ${near}?`}`);
  }
  const [skipped] = thresholdsOf(pack, param).skipped;
  if (skipped !== undefined) throw new Exit(EXIT.usage, `--param ${param}: cannot be swept under ${name}: ${skipped.reason}.`);
}

function printTables(output: Output, report: SensitivityReport, title: string): void {
  output.line(`${title}: ${report.records} records, ${report.tradeable} tradeable in ${report.bars} bars`);
  output.line('');
  const steps = ['x0.8', 'x0.9', 'x1.1', 'x1.2'];
  // One that was asked for is shown even if nothing depends on it.
  const mattering = report.thresholds.filter((one) => one.influence > 0 || report.thresholds.length === 1);
  const head = ['threshold', 'value', 'unit', 'influence', ...steps.map((step) => `records ${step}`), 'tradeable, least to most'];
  for (const line of tableLines(head, mattering.map((one) => rowOf(one, steps)))) output.line(line); // prettier-ignore
  const idle = report.thresholds.filter((one) => !mattering.includes(one)).map(({ name }) => name);
  output.line('');
  output.line(`records: added and removed. No difference on these bars: ${idle.length === 0 ? 'none' : idle.join(' ')}`);
  output.line(`Not swept: ${report.skipped.map(({ name, reason }) => `${name} (${reason})`).join(', ') || 'none'}`);
}

function rowOf(one: SweptThreshold, steps: readonly string[]): string[] {
  const { variants } = one;
  const cells = steps.map((step, i) => {
    const variant = variants.find((tried) => tried.step === step) ?? (i === 0 && variants.length === 1 ? variants[0] : undefined);
    return variant === undefined ? '' : changes(variant.addedCount, variant.removedCount);
  });
  const trades = (tried: SweptVariant): string => changes(tried.tradeableAdded, tried.tradeableRemoved);
  const value = typeof one.value === 'number' ? String(one.value) : one.value ? 'on' : 'off';
  return [one.name, value, one.unit, figure(one.influence, 4), ...cells, variants.map(trades).join('  ')];
}

function changes(added: number, removed: number): string {
  return `+${added} -${removed}`;
}
