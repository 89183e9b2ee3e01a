/** Campaigns, what waits, halts and notifications keep their bounds and are empty after the session (H4, H6, M8, M9). */
import { Census, Scope } from '@wyckoff/bounded';
import type { ApprovalWire, CampaignWire, FactRow, KillSwitchWire, NotificationWire, SnapshotAnswer } from '@wyckoff/contracts';
import { describe, expect, it } from 'vitest';
import { VirtualTimers } from '../testing/virtual-timers.ts';
import { DeskState } from './desk-state.ts';
import type { AccountTrading, HaltFact } from './trading-book.ts';

function open() {
  const census = new Census();
  const scope = new Scope({ name: 'web', timers: new VirtualTimers(), census });
  return { census, scope, state: new DeskState(scope, () => undefined) };
}

let seq = 0;
const row = <T extends FactRow['type']>(type: T, data: unknown): FactRow => {
  seq += 1;
  return { seq, at: seq, type, data } as FactRow;
};
const campaign = (id: number, status: CampaignWire['status'], version = 1): CampaignWire =>
  ({ id: String(id), status, updatedAt: id, version }) as CampaignWire;
const approval = (id: number, state: ApprovalWire['state'], expiresAt = id): ApprovalWire =>
  ({ signalId: String(id), state, entry: { expiresAt } }) as ApprovalWire;
const halt = (id: string, until: number | null): HaltFact =>
  ({ id, until, since: 1, kind: 'STALE', scope: 'symbol:A' }) as HaltFact;
const notification = (id: number, readAt: number | null = null): NotificationWire =>
  ({ id: String(id).padStart(6, '0'), createdAt: id, readAt, priority: 'INFO' }) as NotificationWire;
const kill = (level: KillSwitchWire['level'], at: number | null): KillSwitchWire => ({
  level,
  at,
  reason: '',
  by: 'u',
  activationId: null,
  readable: true,
  stored: true,
  results: [],
});
const snapshot = (part: Partial<SnapshotAnswer>): SnapshotAnswer => ({ epoch: 'e', seq: 1, ...part });

describe('H6 campaigns', () => {
  it('H6 of 1,000 campaigns the active ones and the 50 last that ended are held', () => {
    const { state } = open();
    for (let i = 1; i <= 20; i += 1) state.fact(row('campaign.changed', campaign(i, 'ACTIVE')));
    for (let i = 21; i <= 1_000; i += 1) state.fact(row('campaign.changed', campaign(i, 'COMPLETED')));
    const { campaigns } = state.trading;
    expect(campaigns).toHaveLength(70);
    expect(campaigns.slice(0, 20).every((one) => one.status === 'ACTIVE')).toBe(true);
    expect(campaigns[20].id).toBe('1000');
  });

  it('H6 one that ends leaves the active ones, and an older version changes nothing', () => {
    const { state } = open();
    state.fact(row('campaign.changed', campaign(1, 'ACTIVE', 2)));
    state.fact(row('campaign.changed', campaign(1, 'FORMING', 1)));
    expect(state.trading.campaigns[0].status).toBe('ACTIVE');
    state.fact(row('campaign.changed', campaign(1, 'INVALIDATED', 3)));
    expect(state.trading.campaigns.map((one) => one.status)).toEqual(['INVALIDATED']);
  });

  it('H6 signing out empties campaigns, approvals, halts and notifications', async () => {
    const { state, scope, census } = open();
    state.fact(row('campaign.changed', campaign(1, 'ACTIVE')));
    state.fact(row('approval.changed', approval(1, 'WAITING')));
    state.fact(row('halt.changed', halt('h', null)));
    state.fact(row('notification.created', { notification: notification(1), unread: 1 }));
    state.fact(row('killswitch.changed', kill('STOP', 1)));
    await scope.dispose();
    expect(state.trading.killSwitch).toBeNull();
    expect(state.notifications.unread).toBe(0);
    expect(census.rows().filter((one) => one.size > 0)).toEqual([]);
  });
});

describe('M8 M9 what waits and what is halted', () => {
  it('M8 at most 50 wait here, the one that ends first on top; a decided one is gone', () => {
    const { state } = open();
    for (let i = 1; i <= 500; i += 1) state.fact(row('approval.changed', approval(i, 'WAITING', 1_000 - i)));
    expect(state.trading.approvals).toHaveLength(50);
    expect(state.trading.approvals[0].signalId).toBe('500');
    for (const [i, end] of (['APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED'] as const).entries()) {
      state.fact(row('approval.changed', approval(500 - i, end)));
    }
    expect(state.trading.approvals.map((one) => one.signalId)).not.toContain('500');
    expect(state.trading.approvals).toHaveLength(46);
  });

  it('5.7 a halt stands until its end is told; more than 100 are never held', () => {
    const { state } = open();
    for (let i = 0; i < 500; i += 1) state.fact(row('halt.changed', halt(String(i), null)));
    expect(state.trading.halts).toHaveLength(100);
    state.fact(row('halt.changed', halt('499', 9)));
    expect(state.trading.halts.map((one) => one.id)).not.toContain('499');
  });

  it('7.6 an answer that comes before its fact counts, an older word about the switch does not', () => {
    const { state } = open();
    state.trading.takeKillSwitch(kill('STOP', 10));
    state.fact(row('killswitch.changed', kill('OFF', 5)));
    expect(state.trading.killSwitch?.level).toBe('STOP');
    state.fact(row('killswitch.changed', kill('OFF', 20)));
    expect(state.trading.killSwitch?.level).toBe('OFF');
  });

  it('8.1 a reset account goes on in the place of the one before; what is told of the same one changes it', () => {
    const { state } = open();
    const told = (accountId: string, reason: string) => row('trading.changed', { accountId, reason });
    for (const [id, reason] of [['paper', 'ACCEPTANCE'], ['paper', 'a new beginning'], ['paper-2', 'OPENED'], ['paper-2', 'LIMITS']] as const) state.fact(told(id, reason)); // prettier-ignore
    expect(state.trading.accounts.map(({ accountId, reason }) => [accountId, reason])).toEqual([['paper-2', 'LIMITS']]);
  });

  it('M1 a snapshot takes the place of everything: no approval, halt or campaign of before stays', () => {
    const { state } = open();
    state.fact(row('approval.changed', approval(1, 'WAITING')));
    state.fact(row('halt.changed', halt('old', null)));
    state.fact(row('campaign.changed', campaign(1, 'ACTIVE')));
    const account = { accountId: 'a', acceptance: 'queue' } as AccountTrading;
    const trading = { killSwitch: kill('OFF', null), accounts: [account], waiting: [approval(2, 'WAITING')], halts: [halt('new', null)] }; // prettier-ignore
    state.reset(['signals', 'trading', 'campaigns'], snapshot({ trading, campaigns: [campaign(2, 'ACTIVE')] }));
    expect(state.trading.approvals.map((one) => one.signalId)).toEqual(['2']);
    expect(state.trading.halts.map((one) => one.id)).toEqual(['new']);
    expect(state.trading.campaigns.map((one) => one.id)).toEqual(['2']);
    expect(state.trading.accounts.map((one) => one.acceptance)).toEqual(['queue']);
  });
});

describe('H4 notifications', () => {
  it('H4 of 10,000 the 100 newest are held; the unread are those the store counted', () => {
    const { state } = open();
    for (let i = 1; i <= 10_000; i += 1) state.fact(row('notification.created', { notification: notification(i), unread: i }));
    expect(state.notifications.list).toHaveLength(100);
    expect(state.notifications.list[0].createdAt).toBe(10_000);
    expect(state.notifications.unread).toBe(10_000);
  });

  it('H4 what is read keeps its place in time: the next news pushes the oldest out, not the newest', () => {
    const { state } = open();
    state.reset(['notifications'], snapshot({ notifications: Array.from({ length: 100 }, (_, i) => notification(i + 1)) }));
    state.notifications.read({ unread: 99, ids: [notification(1).id] }, 5);
    state.fact(row('notification.created', { notification: notification(101), unread: 100 }));
    expect(state.notifications.list.at(-1)?.createdAt).toBe(2);
    expect(state.notifications.list[0].createdAt).toBe(101);
  });

  it('H4 reading up to one marks it and the older ones, here and on every other page', () => {
    const { state } = open();
    state.reset(['notifications'], snapshot({ notifications: [notification(3), notification(2), notification(1)] }));
    expect(state.notifications.unread).toBe(3);
    state.fact(row('notification.read', { unread: 1, upToId: notification(2).id }));
    expect(state.notifications.list.map((one) => one.readAt !== null)).toEqual([false, true, true]);
    expect(state.notifications.unread).toBe(1);
  });
});
