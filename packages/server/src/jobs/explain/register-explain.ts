/** `wyckoff explain`. */
import { resolvePack } from '@wyckoff/domain';
import { InvalidArgumentError, type Command } from 'commander';
import { instrumentOf, withBarOptions, type BarOptions } from '../../cli/bar-options.ts';
import { Exit, EXIT } from '../../cli/exit-codes.ts';
import { Output } from '../../cli/output.ts';
import { rulesOf } from '../../cli/rules.ts';
import { figure, plainText, priceText, tableLines, timeText } from '../../cli/table.ts';
import type { ExplainedRule, Explanation, Machine } from './explain-bar.ts';

interface Options extends BarOptions {
  readonly at: number;
}

export function registerExplain(program: Command): void {
  withBarOptions(
    program
      .command('explain')
      .description(
        'One bar: the state of the machine, rules passed and failed with their margins, what confirms or invalidates next.',
      ),
  )
    .requiredOption(
      '--at <time>',
      'time in the bar (ISO, or epoch milliseconds); the last bar that opens at or before it',
      timeArgument,
    )
    .addHelpText('after', '\nExample: wyckoff explain --input SPX.csv --asset-class index --at 2008-10-10 --json')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { readSeries } = await import('../series-input.ts');
  const { explainBar, rowAt } = await import('./explain-bar.ts');
  const { outlookOf } = await import('./outlook.ts');
  const rules = await rulesOf(options);
  const { columns, symbol } = await readSeries(options);
  const row = rowAt(columns, options.at);
  if (row === null)
    throw new Exit(
      EXIT.nothingToRun,
      `expected a bar at or before ${timeText(options.at)}, the first is ${timeText(columns.time[0])}.`,
    );
  const instrument = { ...instrumentOf(options), symbol };
  const { timeframe } = options;
  const told = explainBar({ columns, instrument, timeframe, options: { pack: rules.pack }, row });
  const { params } = resolvePack(rules.pack);
  const outlook = outlookOf(
    { view: { pending: told.next, range: told.after.range }, bar: told.bar, params, timeframe },
    priceText,
  );
  const output = new Output();
  if (options.json === true) output.json(told);
  else printText(output, told, outlook);
  output.flush();
}

function printText(output: Output, told: Explanation, outlook: readonly string[]): void {
  const [open, high, low, close] = [told.open, told.high, told.low, told.close].map(priceText);
  output.line(`bar ${told.bar}, ${timeText(told.time)}: O ${open} H ${high} L ${low} C ${close} V ${plainText(told.volume, 4)}`);
  const { features } = told;
  if (features !== null) {
    output.line(
      `volume ${figure(features.volRatio, 2)} of usual, spread ${figure(features.spreadRatio, 2)}, close at ${figure(features.closePos, 2)}, ATR ${features.atr === null ? '–' : priceText(features.atr)}: ${features.effort}`,
    );
  }
  output.line(`before: ${machineText(told.before)}`);
  output.line(`after:  ${machineText(told.after)}`);
  for (const record of told.records)
    output.line(
      `record: ${record.kind} ${record.status}, event bar ${record.eventBar}, confidence ${figure(record.confidence, 0)}${record.tradeable ? ', tradeable' : ''} ${record.reasons.join(' ')}`,
    );
  const rules = [...told.rules.passed, ...told.rules.failed];
  if (rules.length === 0) output.line('no rule was near enough to be judged on this bar');
  printRules(
    output,
    rules.filter((rule) => !rule.gate),
    'condition',
  );
  printRules(
    output,
    rules.filter((rule) => rule.gate),
    'may it be traded?',
  );
  if (outlook.length > 0) output.line('');
  for (const line of outlook) output.line(line);
}

function printRules(output: Output, rules: readonly ExplainedRule[], title: string): void {
  if (rules.length === 0) return;
  output.line('');
  const heads = ['kind', 'side', title, 'value', 'asked', 'unit', 'to spare', 'verdict'];
  for (const line of tableLines(heads, rules.map(ruleRow))) output.line(line);
}

function ruleRow(rule: ExplainedRule): string[] {
  const shown = (value: number): string => (rule.unit === 'price' ? priceText(value) : plainText(value, 2));
  const share = rule.margin === null ? '' : ` (${Math.abs(100 * rule.margin).toFixed(1)}%)`;
  if (rule.unit === 'yes or no') {
    const word = rule.passed ? 'yes' : 'no';
    return [rule.kind, sideName(rule), rule.condition, word, 'yes', rule.unit, '–', verdictOf(rule)];
  }
  const phases = rule.unit === 'phase';
  return [
    rule.kind,
    sideName(rule),
    rule.condition,
    phases ? phaseName(rule.value) : shown(rule.value),
    `${rule.asked} ${phases ? phaseName(rule.limit) : shown(rule.limit)}`,
    rule.unit,
    rule.spare === null || phases ? '–' : `${plainText(rule.spare, Math.abs(rule.spare) < 0.1 ? 6 : 2)}${share}`,
    verdictOf(rule),
  ];
}

function sideName({ hypothesis }: ExplainedRule): string {
  return hypothesis > 0 ? 'accumulation' : 'distribution';
}

function verdictOf({ passed, code }: ExplainedRule): string {
  return passed ? 'passed' : `failed ${code}`;
}

/** Phases as the trace counts them, 0 for none. */
function phaseName(code: number): string {
  return '–ABCDE'[code] ?? '–';
}

function machineText(machine: Machine): string {
  const { range } = machine;
  if (range === null) return machine.state;
  const phases = range.hypotheses
    .map((side) => `${side.hypothesis > 0 ? 'accumulation' : 'distribution'} ${side.phase ?? '–'}`)
    .join(', ');
  return `${machine.state}, range ${priceText(range.support.edge)} to ${priceText(range.resistance.edge)}, quality ${plainText(range.quality, 2)}, ${phases}`;
}

function timeArgument(text: string): number {
  const time = /^-?\d{10,}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(time)) throw new InvalidArgumentError('expected an ISO time such as 2008-10-10 or epoch milliseconds');
  return time;
}
