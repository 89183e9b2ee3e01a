/** `wyckoff accuracy`. */
import type { AccuracyReport, AssetClass, Metrics } from '@wyckoff/domain';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { assetClassArgument, rulesOption } from '../../cli/bar-options.ts';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { Output } from '../../cli/output.ts';
import { rulesOf } from '../../cli/rules.ts';
import { figure, tableLines } from '../../cli/table.ts';
import { orExit } from '../endings.ts';
import { interruptible, Progress } from '../progress.ts';
import { gatesOf, type Gate } from './gates.ts';

interface Options {
  readonly input: string;
  readonly labels?: string;
  readonly rules: string;
  readonly assetClass: AssetClass;
  readonly tolerance?: number;
  readonly minConfidence?: number;
  readonly seed?: number;
  readonly alone?: boolean;
  readonly gate?: boolean;
  readonly examplesOut?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function registerAccuracy(program: Command): void {
  program
    .command('accuracy')
    .description('Run the detector over labelled bars: precision, recall, phases, ranges, confusion, examples.')
    .requiredOption('-i, --input <file>', 'Parquet file of bars; labels beside it in <name>.labels.parquet')
    .option('--labels <file>', 'Parquet file of labels, when it lies elsewhere')
    .addOption(rulesOption())
    .addOption(new Option('-a, --asset-class <class>', 'of all series').default('STOCK').argParser(assetClassArgument))
    .option('--tolerance <bars>', 'largest distance of a pair (default: 1 on 1d and 1w, 3 intraday)', amount(0, 100))
    .option('--min-confidence <points>', 'leave out scored records below this (default: 70, the floor; 0: all)', amount(0, 100))
    .option('--seed <n>', 'of the sample of mistakes', amount(0, Number.MAX_SAFE_INTEGER))
    .option('--alone', 'without the timeframes above it, which the detector of every other verb hears')
    .option('--gate', 'exit 5 when a gate fails')
    .option('--examples-out <file>', 'every mistake, one JSON object per line')
    .option('--json', 'one object per event kind, then one with the rest, on stdout')
    .option('-q, --quiet', 'no progress on stderr')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { accuracy } = await import('./accuracy.ts');
  const { exampleFile } = await import('./example-file.ts');
  const rules = await rulesOf(options);
  const progress = new Progress('accuracy', options.quiet !== true);
  using interrupt = interruptible();
  await using examples = exampleFile(options.examplesOut);
  const { onExample, ...rest } = { ...options, onExample: examples?.add };
  const job = { ...rest, rules: rules.pack, ...(onExample === undefined ? {} : { onExample }), signal: interrupt.signal };
  const result = await orExit(() => accuracy({ ...job, onProgress: (done, total) => progress.show(done, total, 'bars') }));
  progress.done();
  const { report, synthetic } = result;
  const gates = gatesOf(report);
  const output = new Output();
  const shown = { report, gates, synthetic, rules: rules.name, rulesHash: rules.hash, higherTimeframes: options.alone !== true };
  if (options.json === true) printJson(output, shown);
  else printTables(output, shown);
  output.flush();
  if (result.interrupted) throw new Exit(EXIT.interrupted, 'interrupted; the figures cover the bars read so far.');
  const failed = gates.filter((gate) => gate.verdict === 'FAIL');
  if (options.gate === true && failed.length > 0)
    throw new Exit(EXIT.gateFailed, `gate failed: ${failed.map((gate) => gate.gate).join(', ')}`);
}

interface Shown {
  readonly report: AccuracyReport;
  readonly gates: readonly Gate[];
  readonly synthetic: boolean;
  readonly rules: string;
  readonly rulesHash: string;
  /** Did the detector hear the timeframes above? */
  readonly higherTimeframes: boolean;
}

function printJson(output: Output, { report, ...shown }: Shown): void {
  const { kinds, ...rest } = report;
  for (const kind of kinds) output.json(kind);
  output.json({ ...rest, ...shown });
}

function printTables(output: Output, shown: Shown): void {
  const { report } = shown;
  const heard = shown.higherTimeframes ? 'with the timeframes above' : 'without the timeframes above';
  output.line(
    `${shown.synthetic ? 'synthetic data, ' : ''}rules ${shown.rules}, ${heard}: ${report.series} series, ${report.bars} bars`,
  );
  const row = (name: string, m: Metrics): string[] => [
    name,
    ...[m.tp, m.fp, m.fn, m.tn, m.unscored].map(String),
    ...[m.precision, m.recall, m.f1].map((value) => figure(value, 3)),
    figure(m.medianDelayBars, 0),
  ];
  const head = ['kind', 'tp', 'fp', 'fn', 'tn', 'unscored', 'precision', 'recall', 'F1', 'delay'];
  const rows = [
    ...report.kinds.map((m) => row(m.kind, m)),
    ...Object.entries(report.groups).map(([name, m]) => row(`= ${name}`, m)),
  ];
  for (const line of tableLines(head, rows)) output.line(line);
  output.line('');
  const figures: [string, number | null][] = [
    ['phase accuracy', report.phaseAccuracy],
    ['phase accuracy at the bar itself', report.phaseAccuracyLive],
    ['range precision', report.rangePrecision],
    ['range recall', report.rangeRecall],
    ['sequence validity', report.sequenceValidity],
    ['precision of tradeable records', report.tradeablePrecision],
    ['tradeable records per 1,000 bars without structure', report.emptyStretches.tradeablePer1000Bars],
  ];
  for (const line of tableLines(['figure', 'value'], figures.map(([name, value]) => [name, figure(value, 3)]))) output.line(line); // prettier-ignore
  output.line('');
  const gates = shown.gates.map((gate) => [gate.gate, figure(gate.least, 2), figure(gate.value, 3), gate.verdict]);
  for (const line of tableLines(['gate', 'least', 'value', 'verdict'], gates)) output.line(line);
}

function amount(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`expected a number from ${least} to ${most}`);
    return value;
  };
}
