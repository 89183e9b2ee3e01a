/** The trading side of a session behind its port: halting, deciding, listing, settings, actions - and how things stand. */
import type { Scope } from '@wyckoff/bounded';
import type { CampaignWire, RiskAnswer, SignalAnswer, StatisticsAnswer, TradingWire } from '@wyckoff/contracts';
import {
  atTime,
  countersAt,
  DEFAULT_LIMITS,
  newYorkDay,
  newYorkInstant,
  type QueueRules,
  type TradedInstrument,
} from '@wyckoff/domain';
import type { Change, StoredFact } from '../../store/changes.ts';
import type { Store } from '../../store/store.ts';
import type { Answer } from '../desk.ts';
import type { KillSwitchGuard } from '../safety/kill-switch-guard.ts';
import type { Actor, StatisticsQuery, TradingDesk } from '../trading-desk.ts';
import type { AccountRun } from './account-run.ts';
import { alertId, takeAlert } from './alerts.ts';
import { answerOf, TradingActions, type PositionsAtVenue } from './actions.ts';
import { correlationsFor } from './correlations.ts';
import { Decisions } from './decisions.ts';
import { wireOf, type Halting } from './halting.ts';
import { campaignOf, TradingLists } from './lists.ts';
import { notFound, refusedAnswer } from './refusals.ts';
import { Overrides } from './overrides.ts';
import { RISK_SETTING, RiskSetting } from './risk-setting.ts';
import { riskView } from './risk-view.ts';
import { APPROVALS, UserSettings } from './settings.ts';
import { stakesOf } from './stakes.ts';
import { Statistics } from './statistics.ts';

const LIFECYCLE = 200;
const CAMPAIGNS = 200;

export interface TradingDeskParts {
  readonly scope: Scope;
  readonly store: Store;
  readonly guard: KillSwitchGuard;
  readonly halting: Halting;
  /** Null: the session could not be resumed. */
  readonly run: () => AccountRun | null;
  readonly change: (change: Change) => Promise<readonly StoredFact[]>;
  readonly positionsAtVenue?: PositionsAtVenue | undefined;
  readonly instrumentOf: (symbol: string) => TradedInstrument | null;
  readonly wallClock: () => number;
  readonly onSetting: (key: string, value: unknown) => void;
}

export function tradingDeskOf(parts: TradingDeskParts): TradingDesk {
  const { scope, store, guard, halting, run, change, wallClock } = parts;
  const lists = new TradingLists({ scope, store });
  const decisions = new Decisions({ scope, store, run, kill: () => guard.last.kill });
  const settings = new UserSettings({ store, change, wallClock, onChanged: parts.onSetting });
  const statistics = new Statistics({ scope, store, wallClock });
  const overrides = new Overrides(store);
  const risk = new RiskSetting({ store, change, wallClock, run, overrides, kill: () => guard.last.kill });
  const runOf = (accountId: string): AccountRun | null => (run()?.accountId === accountId ? run() : null);
  const actions = new TradingActions({
    guard,
    halting,
    lists,
    overrides,
    queueRules: (user) => settings.queueRules(user),
    runOf,
    wallClock,
    positionsAtVenue: parts.positionsAtVenue,
  });
  const state = (): Promise<TradingWire> => stateOf(parts, { lists, overrides });
  return {
    state,
    halt: (request, by) => halting.halt(request, by),
    act: async (action, by) => answerOf(await actions.act(action, by), await state()),
    decide: (signalId, request, by) => decisions.decide(signalId, request, by),
    signal: (signalId) => signalOf(store, signalId),
    moveStop: (positionId, request, by) => decisions.moveStop(positionId, request, by),
    exit: (positionId, request, by) => decisions.exit(positionId, request, by),
    alert: (alert, by) => takeAlert({ store, run }, alert, by),
    alertId: (signature) => alertId(run()?.accountId ?? '', signature),
    orders: (query) => lists.orders(query),
    cancelOrder: (orderId, by) => decisions.cancelOrder(orderId, by),
    campaigns: (query) => lists.campaigns(query),
    cancelCampaign: (campaignId, request, by) => cancelCampaign(parts, { campaignId, ...request }, by),
    accounts: (query) => lists.accounts(query),
    risk: () => riskOf(parts),
    statistics: (query) => statisticsOf(statistics, run(), query),
    settings: async (by) => ({ items: [...(await settings.all(by)).items, await risk.item(by)] }),
    changeSetting: async (key, request, by) => {
      if (key === RISK_SETTING) return await risk.change(request, by);
      const answer = await settings.change(key, request, by);
      if (key === APPROVALS && answer.ok && !request.dryRun) await useQueue(run(), await settings.queueRules(by.user), by);
      return answer;
    },
  };
}

interface Records {
  readonly lists: TradingLists;
  readonly overrides: Overrides;
}

async function stateOf({ guard, store, run }: TradingDeskParts, records: Records): Promise<TradingWire> {
  const flag = await guard.read();
  const halts = await store.haltsInForce().catch(() => null);
  const account = run();
  const accounts = account === null ? [] : [await accountState(account, records)];
  const unknown = {
    scope: 'all',
    kind: 'EQUITY_UNKNOWN',
    reason: 'The halts cannot be read: entries count as halted.',
    since: 0,
    endsAt: null,
  };
  return {
    halt: wireOf(flag),
    halts:
      halts === null
        ? [unknown]
        : halts.map(({ scope, kind, reason, since, until }) => ({ scope, kind, reason, since, endsAt: until })),
    accounts,
  };
}

async function accountState(run: AccountRun, { lists, overrides }: Records): Promise<TradingWire['accounts'][number]> {
  const { accountId, trading, account } = run;
  const { automation, consent } = trading;
  // As of now: the day may have turned since anything was said about them.
  const counters = countersAt(trading.counters, account.at);
  const breaker = atTime(trading.breaker, account.at);
  const resetsAt = breaker.openedDay === null ? null : newYorkInstant(newYorkDay(account.at) + 1, 0);
  return {
    id: accountId,
    mode: account.kind === 'BACKTEST' ? 'REPLAY' : account.kind,
    acceptance: trading.acceptance,
    pending: run.pending.length,
    automation: {
      ...automation,
      patterns: [...automation.patterns],
      whitelist: [...automation.whitelist],
      blacklist: [...automation.blacklist],
      consent,
      counters,
    },
    breaker: { ...breaker, threshold: automation.breakerLosses, resetsAt },
    brokerConnected: trading.brokerConnected,
    permitted: trading.permitted,
    eligibility: await lists.eligibility(account),
    override: await overrides.of(accountId),
  };
}

/** A signal with its life, from the facts about it. */
async function signalOf(store: Store, signalId: string): Promise<Answer<SignalAnswer>> {
  const signal = await store.signalById(signalId);
  if (signal === null) return notFound('signal', signalId);
  const rows = await store.journalPage({ afterSeq: 0, limit: LIFECYCLE, entity: signalId, topic: 'signals' });
  const lifecycle = rows.flatMap(({ seq, at, type, actor = null, data }) => {
    const { status, state, rejectCode, rejectText } = data as {
      readonly status?: string;
      readonly state?: string;
      readonly rejectCode?: string | null;
      readonly rejectText?: string | null;
    };
    return [{ seq, at, type, status: status ?? state ?? '', actor, code: rejectCode ?? null, note: rejectText ?? null }];
  });
  const waiting = rows.findLast((row) => row.type === 'approval.changed')?.data as SignalAnswer['waiting'] | undefined;
  return { ok: true, value: { signal, lifecycle, waiting: waiting?.state === 'WAITING' ? waiting : null, similar: null } };
}

async function cancelCampaign(
  { store, run, guard }: TradingDeskParts,
  request: { readonly campaignId: string; readonly keepPositions: boolean; readonly reason: string; readonly version: number },
  by: Actor,
): Promise<Answer<{ campaign: CampaignWire }>> {
  const { campaignId, keepPositions, reason, version } = request;
  const row = await store.campaign(campaignId);
  const account = run();
  if (row === null || account === null) return notFound('campaign', campaignId);
  if (row.version !== version)
    return {
      ok: false,
      code: 'request.version_conflict',
      detail: `expected version ${row.version}, was ${version}`,
      extra: { version: row.version },
    };
  const command = keepPositions
    ? ({ kind: 'abandonCampaign', campaignId, reason } as const)
    : ({ kind: 'cancelCampaign', campaignId, by: by.user, reason, version } as const);
  const { answer } = await account.command(command, { actor: by.user, requestId: by.requestId });
  if (!answer.done) return refusedAnswer(answer, guard.last.kill);
  return { ok: true, value: { campaign: campaignOf((await store.campaign(campaignId)) ?? row) } };
}

async function riskOf({ store, run, instrumentOf }: TradingDeskParts): Promise<RiskAnswer> {
  const account = run();
  if (account === null) throw new Error('risk: expected a resumed session, was none; see /health');
  const { openPositions: positions, accountId } = account;
  const [held, campaigns] = await Promise.all([
    store.heldReservations(accountId),
    store.campaigns({ accountId, limit: CAMPAIGNS }),
  ]);
  const stakes = stakesOf({ positions, held, campaigns: campaigns.map(({ item }) => campaignOf(item)), instrumentOf });
  const limits = account.trading.limits ?? DEFAULT_LIMITS;
  const bySize = [...stakes].sort((a, b) => b.riskMicros - a.riskMicros);
  const correlations = await correlationsFor(store, account, bySize.map(({ symbol }) => symbol)); // prettier-ignore
  return riskView({ account: account.account, positions, stakes, limits, instrumentOf, correlations });
}

/** What waits already keeps its time; what comes waits by the new rules. */
async function useQueue(run: AccountRun | null, queue: QueueRules, by: Actor): Promise<void> {
  if (run === null) return;
  const command = { kind: 'setAcceptance', by: by.user, mode: run.trading.acceptance, queue } as const;
  await run.command(command, { actor: by.user, requestId: by.requestId });
}

async function statisticsOf(statistics: Statistics, run: AccountRun | null, query: StatisticsQuery): Promise<StatisticsAnswer> {
  if (run === null) throw new Error('statistics: expected a resumed session, was none; see /health');
  const { accountId, account } = run;
  return await statistics.of({ accountId, now: account.at, ...query });
}
