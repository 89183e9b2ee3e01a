/** `wyckoff generate`. */
import { NOISE_LEVELS, SCHEMATIC_CHOICES, type NoiseLevel, type SchematicChoice } from '@wyckoff/domain';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { Output, tell } from '../../cli/output.ts';
import { tableLines } from '../../cli/table.ts';
import { interruptible, Progress } from '../progress.ts';

interface Options {
  readonly schematic: SchematicChoice;
  readonly seed: number;
  readonly symbols: number;
  readonly bars: number;
  readonly noise: NoiseLevel;
  readonly out: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The shortest series in which a structure has room is about 400 bars; the longest is bounded by memory, 48 bytes a bar. */
const LEAST_BARS = 50;
const MOST_BARS = 2_000_000;
const MOST_SYMBOLS = 100_000;

export function registerGenerate(program: Command): void {
  program
    .command('generate')
    .description('Write labelled synthetic bars with known Wyckoff events, for measuring the detector.')
    .addOption(new Option('--schematic <which>', 'structures to draw').choices([...SCHEMATIC_CHOICES]).default('all'))
    .option('--seed <n>', 'whole number; 1-999 for tuning, 1000 and above for reports', whole(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--symbols <n>', 'number of series', whole(1, MOST_SYMBOLS), 10)
    .option('--bars <n>', 'bars per series', whole(LEAST_BARS, MOST_BARS), 3000)
    .addOption(new Option('--noise <level>', 'chance over the intention').choices([...NOISE_LEVELS]).default('moderate'))
    .requiredOption('--out <file>', 'Parquet file of the bars; the labels go beside it into <name>.labels.parquet', parquetName)
    .option('--json', 'the summary as one object on stdout')
    .option('-q, --quiet', 'no progress on stderr')
    .addHelpText(
      'after',
      '\nThe series are synthetic: they show whether rules are found, not whether they earn (docs/synthetic.md).\nExample: wyckoff generate --schematic all --seed 1000 --symbols 50 --out labelled.parquet',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { generate } = await import('./generate.ts');
  const progress = new Progress('generate', options.quiet !== true);
  using interrupt = interruptible();
  const made = await generate({
    ...options,
    signal: interrupt.signal,
    onProgress: (done, total) => progress.show(done, total, 'series'),
  });
  progress.done();
  const output = new Output();
  if (options.json === true) output.json(made);
  else {
    output.line(
      `synthetic: ${made.symbols} series, ${made.barRows} bars in ${made.bars}, ${made.labelRows} labels in ${made.labels}`,
    );
    const rows = Object.entries(made.kinds).sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => [kind, String(count)]); // prettier-ignore
    for (const line of tableLines(['label', 'count'], rows)) output.line(line);
  }
  output.flush();
  if (made.interrupted)
    throw new Exit(EXIT.interrupted, `interrupted after ${made.symbols} of ${options.symbols} series; the files hold those.`);
  if (options.seed < 1000 && options.quiet !== true) tell('seed below 1000: a tuning set, not for reports');
}

/** A name that says what the file holds: nobody should take it for CSV. */
function parquetName(text: string): string {
  if (!text.endsWith('.parquet')) throw new InvalidArgumentError('expected a name that ends in .parquet');
  return text;
}

/** Parses a whole number within bounds. */
function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
    return value;
  };
}
