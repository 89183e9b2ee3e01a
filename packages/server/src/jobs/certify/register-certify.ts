/** `wyckoff certify`. */
import {
  CERTIFICATES,
  type Certificate,
  type CertificateName,
  type CertifyProgress,
  type CertifyReport,
  type RepaintRow,
} from '@wyckoff/domain';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { setImmediate as turn } from 'node:timers/promises';
import { instrumentOf, withBarOptions, type BarOptions } from '../../cli/bar-options.ts';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { Output, tell } from '../../cli/output.ts';
import { rulesOf, type Rules } from '../../cli/rules.ts';
import { figure, tableLines } from '../../cli/table.ts';
import { interruptible, Progress } from '../progress.ts';

interface Options extends BarOptions {
  readonly only?: readonly CertificateName[];
  readonly bars?: number;
  readonly seed: number;
}

export function registerCertify(program: Command): void {
  withBarOptions(
    program
      .command('certify')
      .description(
        'Prove on your own bars that the detector does not look ahead, does not repaint and depends on nothing but the bars.',
      ),
  )
    .addOption(new Option('--only <names>', `some of ${CERTIFICATES.join(',')}`).argParser(namesArgument))
    .option('--bars <n>', 'only the first n bars', countArgument)
    .option('--seed <n>', 'of the cuts and of the false futures', countArgument, 1)
    .addHelpText(
      'after',
      '\nWith --json: one object per certificate, then one with the verdict and the repaint table. Exit 5 when a certificate fails.',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { certify } = await import('@wyckoff/domain');
  const { readSeries } = await import('../series-input.ts');
  const { detectorFactory } = await import('./detector-factory.ts');
  const rules = await rulesOf(options);
  const { columns, symbol } = await readSeries(options);
  columns.length = Math.min(columns.length, options.bars ?? Infinity);
  const instrument = { ...instrumentOf(options), symbol };
  const factory = detectorFactory(instrument, options.timeframe, { pack: rules.pack });
  const steps = certify({ factory, columns, seed: options.seed, ...(options.only === undefined ? {} : { only: options.only }) });
  const report = await walk(steps, { rows: columns.length, quiet: options.quiet === true });
  const output = new Output();
  if (options.json === true) {
    for (const certificate of report.certificates) output.json(certificate);
    output.json({
      verdict: report.verdict,
      bars: report.bars,
      symbol,
      timeframe: options.timeframe,
      rules: rules.name,
      rulesHash: rules.hash,
      repaint: report.repaint,
    });
  } else printTables(output, report, rules);
  output.flush();
  if (options.quiet !== true && report.certificates.every(({ facts }) => facts === 0))
    tell('not one record, phase or level in these bars: equal silence is all that was compared; give more bars');
  if (report.verdict === 'FAIL') throw new Exit(EXIT.gateFailed, `FAIL: ${failed(report)}`);
  if (report.verdict === 'NOT_RUN') throw new Exit(EXIT.failed, 'nothing was compared: no certificate can be given.');
}

/** Goes through the steps, giving way to Ctrl-C and the screen between them. */
async function walk(
  steps: Generator<CertifyProgress, CertifyReport>,
  how: { rows: number; quiet: boolean },
): Promise<CertifyReport> {
  const progress = new Progress('certify', !how.quiet);
  using interrupt = interruptible();
  for (;;) {
    const step = steps.next();
    if (step.done === true) {
      progress.done();
      return step.value;
    }
    progress.show(step.value.rows, how.rows, `bars, ${step.value.certificate}`);
    await turn();
    if (interrupt.signal.aborted) throw new Exit(EXIT.interrupted, `interrupted during ${step.value.certificate}; no verdict.`);
  }
}

function failed(report: CertifyReport): string {
  const names: string[] = report.certificates.filter((c) => c.verdict === 'FAIL').map((c) => c.certificate);
  if (report.repaint.some((row) => row.confirmedRepainted > 0)) names.push('repaint of confirmed records');
  return names.join(', ');
}

function printTables(output: Output, report: CertifyReport, rules: Rules): void {
  const head = ['certificate', 'verdict', 'bars compared', 'with facts', 'mismatches'];
  const row = (c: Certificate): string[] => [c.certificate, c.verdict, ...[c.compared, c.facts, c.mismatchCount].map(String)];
  for (const line of tableLines(head, report.certificates.map(row))) output.line(line);
  for (const { certificate, mismatches } of report.certificates) {
    for (const m of mismatches.slice(0, 3))
      output.line(`${certificate} bar ${m.bar} (${m.what}): expected ${m.expected}, was ${m.was}`);
  }
  output.line('');
  const titles = ['kind', 'confirmed', 'repainted', 'provisional', 'withdrawn', 'rate', 'median lag'];
  const cells = (r: RepaintRow): string[] => [
    r.kind,
    ...[r.confirmed, r.confirmedRepainted, r.provisional, r.withdrawn].map(String),
    figure(r.repaintRate, 3),
    figure(r.medianLagBars, 0),
  ];
  for (const line of tableLines(titles, report.repaint.map(cells))) output.line(line);
  output.line('');
  output.line(`${report.verdict} over ${report.bars} bars, rules ${rules.name} ${rules.hash}`);
}

function namesArgument(text: string): CertificateName[] {
  return text.split(',').map((name) => {
    const found = CERTIFICATES.find((known) => known === name.trim());
    if (found === undefined) throw new InvalidArgumentError(`expected some of ${CERTIFICATES.join(',')}`);
    return found;
  });
}

function countArgument(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number from 1');
  return value;
}
