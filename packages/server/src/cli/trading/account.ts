/** `wyckoff risk` and `wyckoff statistics`: limits with their use, and what became of the signals. */
import type { FunnelWire, RiskAnswer, SettingAnswer, SettingsAnswer, StatisticsAnswer } from '@wyckoff/contracts';
import { EXIT, Exit } from '../exit-codes.ts';
import { Output } from '../output.ts';
import { figure, tableLines, timeText } from '../table.ts';
import { stepUp } from './act.ts';
import { exitOf, ServerClient, ServerProblem, type ServerOptions } from './server-client.ts';
import { moneyText, percentText } from './words.ts';

export interface RiskOptions extends ServerOptions {
  readonly set?: readonly string[];
  readonly reason?: string;
  readonly confirm?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function risk(options: RiskOptions): Promise<void> {
  const client = new ServerClient(options);
  const out = new Output();
  try {
    const changed = options.set === undefined ? null : await changeLimits(client, changesOf(options.set), options);
    const view = await client.ask<RiskAnswer>('/risk');
    if (options.json === true) out.json(changed ?? view);
    else {
      if (changed !== null) for (const line of changeLines(changed)) out.line(line);
      for (const line of riskLines(view)) out.line(line);
    }
  } catch (error) {
    throw exitOf(error);
  }
  out.flush();
}

/** `heatBp=800` as a merge patch. */
function changesOf(words: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    words.map((word) => {
      const match = /^(\w+)=(\d{1,6})$/.exec(word);
      if (match === null) throw new Exit(EXIT.usage, `expected --set name=number such as heatBp=800, was ${word}`);
      return [match[1], Number(match[2])];
    }),
  );
}

async function changeLimits(client: ServerClient, value: Readonly<Record<string, number>>, options: RiskOptions): Promise<SettingAnswer> {
  const { items } = await client.ask<SettingsAnswer>('/settings');
  const version = items.find(({ key }) => key === 'risk')?.version ?? 0;
  const { dryRun = false, reason } = options;
  const body = { value, dryRun, ...(reason !== undefined && { reason }) };
  const ask = (headers: Readonly<Record<string, string>>) =>
    client.ask<SettingAnswer>('/settings/risk', { method: 'PATCH', headers: { 'if-match': `"${version}"`, ...headers }, body });
  try {
    return await ask({});
  } catch (error) {
    if (!(error instanceof ServerProblem) || error.body.code !== 'auth.step_up') throw error;
    return await ask({ 'x-step-up': await stepUp(client, 'raiseRisk', options.confirm) });
  }
} // prettier-ignore

function changeLines({ changes, dryRun }: SettingAnswer): string[] {
  if (changes.length === 0) return ['The limits are these already.'];
  return [
    ...changes.map(({ field, from, to }) => `${field}: ${String(from)} -> ${String(to)}`),
    dryRun ? 'Nothing was changed.' : 'Changed; they hold from the next entry on, what is open stays open.',
  ];
}

function riskLines({ accountId, equityMicros, heatRatio, heatIfFilledRatio, heatWithGapRatio, limits, settings }: RiskAnswer): string[] {
  const text = (unit: string, value: number | null): string => (value === null ? '–' : unit === 'COUNT' ? String(value) : moneyText(value));
  const head = ['measure', 'of', 'use', 'warns', 'limit', 'used', 'state', 'rule'];
  const rows = limits.map(({ label, of, unit, value, warn, limit, useRatio, state, rule }) => [
    label, of ?? '', text(unit, value), text(unit, warn), text(unit, limit), percentText(useRatio), state.toLowerCase(), rule,
  ]);
  return [
    `account ${accountId}: equity ${moneyText(equityMicros)}; heat ${percentText(heatRatio)}, ${percentText(heatIfFilledRatio)} if all that works is filled, ${percentText(heatWithGapRatio)} if every stop is missed by half a per cent`,
    '',
    ...tableLines(head, rows),
    '',
    `set: ${settings.map(({ field, value }) => `${field}=${value}`).join(' ')}`,
  ];
} // prettier-ignore

export interface StatisticsOptions extends ServerOptions {
  readonly from?: string;
  readonly to?: string;
  readonly by: string;
  readonly json?: boolean;
}

export async function statistics({ from, to, by, json, ...server }: StatisticsOptions): Promise<void> {
  const params = new URLSearchParams({
    groupBy: by,
    ...(from !== undefined && { from: String(instantOf('--from', from)) }),
    ...(to !== undefined && { to: String(instantOf('--to', to)) }),
  });
  let answer: StatisticsAnswer;
  try {
    answer = await new ServerClient(server).ask<StatisticsAnswer>(`/signals/statistics?${params.toString()}`);
  } catch (error) {
    throw exitOf(error);
  }
  const out = new Output();
  if (json === true) out.json(answer);
  else for (const line of statisticLines(answer)) out.line(line);
  out.flush();
}

function instantOf(option: string, text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Exit(EXIT.usage, `expected ${option} to be a day such as 2026-01-31, was ${text}`);
  return at;
}

function statisticLines({ accountId, from, to, groupBy, counts, overall, groups, refusals, computedAt }: StatisticsAnswer): string[] {
  const head = [groupBy, 'judged', 'passed', 'approved', 'entered', 'closed', 'won', 'win rate', '95 %', 'mean R', 'P&L', 'profit factor'];
  const row = (one: FunnelWire): string[] => [
    one.name, String(one.candidates), String(one.generated), String(one.approved), String(one.executed), String(one.closed), String(one.profitable),
    ...(one.enough
      ? [percentText(one.winRatio), one.winInterval === null ? '–' : `${percentText(one.winInterval.from)} to ${percentText(one.winInterval.to)}`, figure(one.r.value, 2)]
      : ['–', 'not enough data', '–']),
    moneyText(one.pnlMicros), figure(one.profitFactor, 2),
  ];
  return [
    `account ${accountId}, ${timeText(from)} to ${timeText(to)}; computed ${new Date(computedAt).toISOString().slice(11, 19)} UTC`,
    `signals: ${counts.total} in all, ${counts.month} this month, ${counts.week} this week, ${counts.today} today`,
    '',
    ...tableLines(head, [...groups, overall].map(row)),
    ...(refusals.length === 0 ? [] : ['', 'refused by', ...tableLines(['stage', 'code', 'signals'], refusals.map(({ stage, code, n }) => [stage, code, String(n)]))]),
  ];
} // prettier-ignore
