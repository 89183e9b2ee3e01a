/**
 * How the account may trade, as the tab holds it: kill switch, automatic halts, acceptance, what waits for approval, campaigns. Every list by id
 * and bounded (H6, M8, M9); emptied with the session.
 */
import type { ApprovalWire, CampaignWire, FactRow, KillSwitchWire, SnapshotAnswer, TradingWire } from '@wyckoff/contracts';
import { LruTtlCache, type Scope } from '@wyckoff/bounded';

export type AccountTrading = NonNullable<SnapshotAnswer['trading']>['accounts'][number];
export type HaltFact = Extract<FactRow, { type: 'halt.changed' }>['data'];

/** Parts of the desk that are painted from here. */
export type TradingPart = 'trading' | 'approvals' | 'campaigns';

const ENDED: readonly CampaignWire['status'][] = ['COMPLETED', 'INVALIDATED', 'CANCELLED'];
export const isEnded = (campaign: Pick<CampaignWire, 'status'>): boolean => ENDED.includes(campaign.status);

export class TradingBook {
  readonly #approvals: LruTtlCache<string, ApprovalWire>;
  readonly #activeCampaigns: LruTtlCache<string, CampaignWire>;
  readonly #endedCampaigns: LruTtlCache<string, CampaignWire>;
  readonly #halts: LruTtlCache<string, HaltFact>;
  readonly #accounts: LruTtlCache<string, AccountTrading>;
  readonly #changed: (part: TradingPart) => void;
  #killSwitch: KillSwitchWire | null = null;

  constructor(scope: Scope, changed: (part: TradingPart) => void) {
    this.#changed = changed;
    const cache = <V extends object>(name: string, capacity: number, itemBytes: number): LruTtlCache<string, V> =>
      new LruTtlCache<string, V>({ ttlMs: Infinity, capacity, itemBytes, name, scope, clock: scope.timers });
    this.#approvals = cache('web.approvals', 50, 4_096);
    this.#activeCampaigns = cache('web.campaigns', 150, 6_144);
    this.#endedCampaigns = cache('web.campaigns.recent', 50, 6_144);
    this.#halts = cache('web.halts', 100, 1_024);
    this.#accounts = cache('web.trading', 10, 8_192);
    scope.adopt('trading-book', () => {
      this.#killSwitch = null;
    });
  }

  /** What waits, the one that ends first before the others. */
  get approvals(): readonly ApprovalWire[] {
    return values(this.#approvals).sort((a, b) => a.entry.expiresAt - b.entry.expiresAt);
  }

  /** Active ones first, each newest first. */
  get campaigns(): readonly CampaignWire[] {
    const newest = (a: CampaignWire, b: CampaignWire): number => b.updatedAt - a.updatedAt;
    return [...values(this.#activeCampaigns).sort(newest), ...values(this.#endedCampaigns).sort(newest)];
  }

  /** Automatic halts in force, the oldest first. */
  get halts(): readonly HaltFact[] {
    return values(this.#halts).sort((a, b) => a.since - b.since);
  }

  get accounts(): readonly AccountTrading[] {
    return values(this.#accounts);
  }

  get killSwitch(): KillSwitchWire | null {
    return this.#killSwitch;
  }

  reset(answer: NonNullable<SnapshotAnswer['trading']>): void {
    for (const held of [this.#approvals, this.#halts, this.#accounts]) held.clear();
    this.#killSwitch = answer.killSwitch;
    for (const account of answer.accounts) this.#accounts.set(account.accountId, account);
    for (const halt of answer.halts) this.#halts.set(halt.id, halt);
    for (const approval of answer.waiting) this.#putApproval(approval);
    this.#changed('trading');
    this.#changed('approvals');
  }

  /** The newest campaigns, newest first. */
  resetCampaigns(campaigns: readonly CampaignWire[]): void {
    this.#activeCampaigns.clear();
    this.#endedCampaigns.clear();
    for (const campaign of [...campaigns].reverse()) this.#putCampaign(campaign);
    this.#changed('campaigns');
  }

  fact(row: FactRow): void {
    switch (row.type) {
      case 'approval.changed':
        this.#putApproval(row.data);
        this.#changed('approvals');
        return;
      case 'campaign.changed':
        this.#putCampaign(row.data);
        this.#changed('campaigns');
        return;
      case 'halt.changed':
        if (row.data.until === null) this.#halts.set(row.data.id, row.data);
        else this.#halts.delete(row.data.id);
        this.#changed('trading');
        return;
      case 'trading.changed':
        // A reset: this one goes on in the place of the one before (8.1).
        if (row.data.reason === 'OPENED') this.#accounts.clear();
        this.#accounts.set(row.data.accountId, row.data);
        this.#changed('trading');
        return;
      case 'killswitch.changed':
        this.takeKillSwitch(row.data);
        return;
      default:
        return;
    }
  }

  /** Of a fact, or of an HTTP answer that came before its fact; an older one than is known says nothing new. */
  takeKillSwitch(killSwitch: KillSwitchWire): void {
    const known = this.#killSwitch;
    if (known?.at != null && killSwitch.at !== null && killSwitch.at < known.at) return;
    this.#killSwitch = killSwitch;
    this.#changed('trading');
  }

  /** The answer of `GET /trading`, or of an action: what it says of the switch and of each account counts at once. */
  take(answer: TradingWire): void {
    this.takeKillSwitch(answer.halt);
    for (const { id, acceptance, automation, breaker, brokerConnected, permitted } of answer.accounts) {
      const known = this.#accounts.peek(id);
      if (known === undefined) continue;
      const { consent, counters, ...settings } = automation;
      const { state, losses, openedDay } = breaker;
      const now = { acceptance, automation: settings, consent, counters, breaker: { state, losses, openedDay }, brokerConnected, permitted }; // prettier-ignore
      this.#accounts.set(id, { ...known, ...now });
    }
    this.#changed('trading');
  }

  #putApproval(approval: ApprovalWire): void {
    if (approval.state === 'WAITING') this.#approvals.set(approval.signalId, approval);
    else this.#approvals.delete(approval.signalId);
  }

  #putCampaign(campaign: CampaignWire): void {
    const known = this.#activeCampaigns.peek(campaign.id) ?? this.#endedCampaigns.peek(campaign.id);
    if (known !== undefined && campaign.version < known.version) return;
    this.#activeCampaigns.delete(campaign.id);
    this.#endedCampaigns.delete(campaign.id);
    (isEnded(campaign) ? this.#endedCampaigns : this.#activeCampaigns).set(campaign.id, campaign);
  }
}

function values<V extends object>(cache: LruTtlCache<string, V>): V[] {
  return cache.keys().flatMap((key) => cache.peek(key) ?? []);
}
