/** `wyckoff acceptance`, `automation` and `reset`: how signals become orders, within which limits, and what a person sets back. */
import {
  automationConsent,
  type AutomationSettingsWire,
  type PaperCosts,
  type SettingsAnswer,
  type TradingAction,
  type TradingWire,
} from '@wyckoff/contracts';
import { EXIT, Exit } from '../exit-codes.ts';
import { Output } from '../output.ts';
import { timeText } from '../table.ts';
import { accountOf, act } from './act.ts';
import { exitOf, ServerClient, type ServerOptions } from './server-client.ts';
import { moneyText } from './words.ts';

type Account = TradingWire['accounts'][number];

export interface HowOptions extends ServerOptions {
  readonly account?: string;
  readonly confirm?: string;
  readonly json?: boolean;
}

/** Asks for the account, does what is to be done with it, and says how it stands then. */
async function change(options: HowOptions, actionOf: (account: Account) => TradingAction | null): Promise<void> {
  const client = new ServerClient(options);
  const out = new Output();
  try {
    const before = await accountOf(client, options.account);
    const action = actionOf(before);
    // A reset brings another account in its place.
    const { accounts } = action === null ? { accounts: [before] } : await act(client, action, options.confirm);
    const after = accounts.find(({ id }) => id === before.id) ?? accounts[0];
    if (options.json === true) out.json(after);
    else for (const line of linesOf(after)) out.line(line);
  } catch (error) {
    throw exitOf(error);
  }
  out.flush();
}

const MODES = {
  all: 'every signal that passes the rules is entered by itself',
  queue: 'every signal that passes the rules waits for a person',
  auto: 'what fits the agreed limits is entered by itself, the rest waits for a person',
} as const;

export interface AcceptanceOptions extends HowOptions {
  readonly minutes?: number;
  readonly timeframe?: string;
}

/** How long a signal waits: of one timeframe, or of all that have no time of their own. */
async function setMinutes(minutes: number, { timeframe, ...server }: AcceptanceOptions): Promise<void> {
  const client = new ServerClient(server);
  try {
    const { items } = await client.ask<SettingsAnswer>('/settings');
    const version = items.find(({ key }) => key === 'approvals')?.version ?? 0;
    const value = timeframe === undefined ? { minutes } : { byTimeframe: { [timeframe]: minutes } };
    await client.ask('/settings/approvals', { method: 'PATCH', headers: { 'if-match': `"${version}"` }, body: { value } });
  } catch (error) {
    throw exitOf(error);
  }
}

export async function acceptance(mode: 'all' | 'queue' | undefined, options: AcceptanceOptions): Promise<void> {
  if (options.minutes !== undefined) await setMinutes(options.minutes, options);
  await change(options, ({ id }) => (mode === undefined ? null : { action: 'setAcceptance', account: id, mode }));
}

export interface AutomationOptions extends HowOptions {
  readonly agree?: boolean;
  readonly minConfidence?: number;
  readonly maxTrades?: number;
  readonly maxRisk?: number;
  readonly breakerLosses?: number;
  readonly patterns?: string;
  readonly only?: string;
  readonly never?: string;
}

/** Without `--agree` the words that would be agreed to are shown, and nothing is changed. */
export async function automation(state: 'on' | 'off' | undefined, options: AutomationOptions): Promise<void> {
  await change(options, (account) => {
    if (state === undefined) return null;
    if (state === 'off') return { action: 'disableAutomation', account: account.id };
    const limits = limitsOf(account, options);
    const consent = automationConsent(limits, { id: account.id, mode: account.mode });
    if (options.agree !== true) throw new Exit(EXIT.usage, `read this, and say --agree to agree to it:\n${consent}`);
    return { action: 'enableAutomation', account: account.id, consent, limits };
  });
}

function limitsOf({ automation: now }: Account, options: AutomationOptions): Omit<AutomationSettingsWire, 'enabled'> {
  const words = (text: string | undefined): string[] | null =>
    text === undefined ? null : text.toUpperCase().split(/[\s,]+/).filter((word) => word !== ''); // prettier-ignore
  return {
    minConfidence: options.minConfidence ?? now.minConfidence,
    patterns: (words(options.patterns) as AutomationSettingsWire['patterns'] | null) ?? now.patterns,
    whitelist: words(options.only) ?? now.whitelist,
    blacklist: words(options.never) ?? now.blacklist,
    maxTrades: options.maxTrades ?? now.maxTrades,
    maxRiskBp: options.maxRisk === undefined ? now.maxRiskBp : Math.round(options.maxRisk * 100),
    breakerLosses: options.breakerLosses ?? now.breakerLosses,
  };
}

export interface ResetOptions extends HowOptions {
  readonly reason: string;
}

export interface ResetPaperOptions extends ResetOptions {
  /** Of the account's currency. */
  readonly capital: number;
  readonly costs?: PaperCosts;
}

export async function resetPaper(options: ResetPaperOptions): Promise<void> {
  const capitalMicros = Math.round(options.capital * 1e6);
  const costs = options.costs ?? null;
  await change(options, ({ id }) => ({ action: 'resetPaper', account: id, capitalMicros, costs, reason: options.reason }));
}

export async function reset(what: 'breaker' | 'drawdown', options: ResetOptions): Promise<void> {
  const action = what === 'breaker' ? 'resetBreaker' : 'resetDrawdown';
  await change(options, ({ id }) => ({ action, account: id, reason: options.reason }));
}

/** The four conditions of going live, each with how far it is. */
function goingLive({ eligibility: own, override, permitted }: Account): string {
  const { days, trades, meanRLower, maxDrawdownRatio, eligible, needs } = own;
  const bound = meanRLower === null ? 'unknown' : meanRLower.toFixed(2);
  const record = `${Math.floor(days)} of ${needs.days} days, ${trades} of ${needs.trades} closed trades, lower bound of mean R ${bound} (above ${needs.meanRLower}), drawdown ${(maxDrawdownRatio * 100).toFixed(1)} % (at most ${needs.maxDrawdownRatio * 100} %)`;
  const over = override === null ? '' : `; OVERRIDDEN by ${override.by}: ${override.reason}`;
  return `going live: ${eligible ? 'eligible' : 'not eligible'} by account ${own.accountId}: ${record}${over}${permitted ? '' : '; not permitted'}`;
}

function linesOf(account: Account): string[] {
  const { id, mode, acceptance: how, pending, automation: own, breaker } = account;
  const { enabled, counters, maxTrades, consent } = own;
  const today = `today ${counters.trades} of ${maxTrades} entries, ${moneyText(counters.riskMicros)} at risk`;
  const agreed = consent === null ? 'nobody has agreed to it' : `agreed by ${consent.by} ${timeText(consent.at)}`;
  const until = breaker.resetsAt === null ? '' : `, closes ${timeText(breaker.resetsAt)}`;
  return [
    `account ${id}: ${mode}`,
    `acceptance ${how}: ${MODES[how]}; ${pending} waiting`,
    `automation ${enabled ? 'on' : 'off'}: ${agreed}; ${today}`,
    goingLive(account),
    `loss breaker ${breaker.state.toLowerCase()}: ${breaker.losses} of ${breaker.threshold} losses in a row${until}`,
  ];
}
