import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lps, springTest } from '../engine/kit/scripted-market.ts';
import { candidateOf } from '../setup/candidate.ts';
import type { Candidate } from '../setup/candidate.ts';
import { IllegalTransition } from '../setup/illegal-transition.ts';
import type { Leg } from '../setup/signal.ts';
import {
  CAMPAIGN_STATES,
  CAMPAIGN_TRANSITIONS,
  advanceCampaign,
  isTerminalCampaign,
  sharePercent,
  shareLeft,
} from './campaign.ts';
import type { Campaign } from './campaign.ts';
import { campaignLabel } from './campaign.ts';
import { CampaignBook } from './campaign-book.ts';
import type { CampaignBookOptions, CampaignBookState } from './campaign-book.ts';
import { AGES } from './ages.ts';
import type { AllocationRow } from './campaign-record.ts';

const EQUITY = 100_000_000_000;
const BUDGET = 5_000_000_000;
const RANGE = { rangeId: 1, rangeStart: 0 };

function candidate(leg: Leg, changes: object = {}): Candidate {
  const event =
    leg === 'F'
      ? springTest(60, changes)
      : leg === 'L'
        ? lps(60, changes)
        : lps(60, { kind: 'SOS', status: 'direct', ...changes });
  const pattern = leg === 'F' ? 'SPRING' : leg === 'L' ? 'LPS' : 'SOS';
  return candidateOf(event, pattern, {
    accountId: 'a',
    symbol: 'S',
    timeframe: '1d',
    tickSize: 0.01,
    bar: { time: 0, close: 101.5 },
  });
}

function book(changes: Partial<CampaignBookOptions> = {}): CampaignBook {
  return new CampaignBook({ accountId: 'a', symbol: 'S', timeframe: '1d', campaignBp: () => 500, ...changes });
}

const idle = { isBusy: () => false, currentRangeId: 1, at: 0 };

test('6.2 the shares of the table', () => {
  const none = { F: false, S: false, L: false };
  expect(sharePercent('F', none, 0)).toBe(40);
  expect(sharePercent('S', none, 0)).toBe(70);
  expect(sharePercent('S', { ...none, F: true }, 0)).toBe(30);
  expect(sharePercent('L', { ...none, S: true }, 0)).toBe(30);
  expect(sharePercent('L', { ...none, F: true }, 0)).toBe(60);
  expect(sharePercent('L', none, 75)).toBe(100);
  expect(sharePercent('L', none, 74)).toBeNull();
});

test('TR-5 the shares used never exceed the budget, for every subset and order of legs', () => {
  const wish = fc.record({
    leg: fc.constantFrom<Leg>('F', 'S', 'L'),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    confidence: fc.integer({ min: 70, max: 100 }),
  });
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 12 }), (wishes) => {
      const used: Record<Leg, number> = { F: 0, S: 0, L: 0 };
      for (const { leg, part, confidence } of wishes) {
        const left = shareLeft(used, leg, { budget: BUDGET, confidence });
        if (left !== null) used[leg] += Math.floor(left * part);
        expect(used.F + used.S + used.L).toBeLessThanOrEqual(BUDGET);
        expect(used.F).toBeLessThanOrEqual(BUDGET * 0.4);
      }
    }),
    { seed: 15, numRuns: 10_000 },
  );
});

test('TR-7 only listed transitions happen, terminal campaigns never change', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...CAMPAIGN_STATES), { maxLength: 20 }), (wanted) => {
      const campaign = { id: 'c', state: 'FORMING' } as Campaign;
      for (const to of wanted) {
        const from = campaign.state;
        if (CAMPAIGN_TRANSITIONS[from].includes(to)) {
          expect(isTerminalCampaign(from)).toBe(false);
          advanceCampaign(campaign, to);
        } else expect(() => advanceCampaign(campaign, to)).toThrow(IllegalTransition);
      }
    }),
    { seed: 16, numRuns: 10_000 },
  );
});

test('6 one campaign per range and direction: the second signal joins the first', () => {
  const campaigns = book();
  const first = campaigns.join(candidate('F'), RANGE, { equity: EQUITY, riskMicros: 1_000 });
  expect(campaigns.join(candidate('L'), RANGE, { equity: EQUITY, riskMicros: 2_000 })).toBe(first);
  expect(first.used).toEqual({ F: 1_000, S: 0, L: 2_000 });
  const short = candidate('F', { hypothesis: -1 });
  expect(campaigns.join(short, RANGE, { equity: EQUITY, riskMicros: 1 })).not.toBe(first);
  expect(campaigns.join(candidate('F'), { rangeId: 2, rangeStart: 9 }, { equity: EQUITY, riskMicros: 1 })).not.toBe(first);
});

test('6.2 the budget is the smaller of then and now; what was not filled comes back', () => {
  const campaigns = book();
  expect(campaigns.allowance(candidate('F'), RANGE, EQUITY).shareLeftMicros).toBe(2_000_000_000);
  const campaign = campaigns.join(candidate('F'), RANGE, { equity: EQUITY, riskMicros: 1_500_000_000 });
  expect(campaigns.allowance(candidate('F'), RANGE, EQUITY).shareLeftMicros).toBe(500_000_000);
  expect(campaigns.allowance(candidate('F'), RANGE, EQUITY * 2).shareLeftMicros).toBe(500_000_000);
  expect(campaigns.allowance(candidate('F'), RANGE, EQUITY / 2).shareLeftMicros).toBe(0);
  campaigns.giveBack(campaign.id, 'F', 1_500_000_000);
  expect(campaigns.allowance(candidate('F'), RANGE, EQUITY).shareLeftMicros).toBe(2_000_000_000);
});

test('6.1 M10 a finished campaign leaves memory, its key stays closed, and the keys are bounded', () => {
  const campaigns = book();
  for (let i = 0; i < 1_000; i += 1) {
    const range = { rangeId: i, rangeStart: i };
    const campaign = campaigns.join(candidate('F'), range, { equity: EQUITY, riskMicros: 1 });
    campaigns.filled(campaign.id);
    campaigns.end(campaign, 'COMPLETED', null);
    expect(campaigns.living).toHaveLength(0);
    expect(campaigns.allowance(candidate('F'), range, EQUITY).refusal).toBe('RK_CAMPAIGN_CLOSED');
  }
  expect(campaigns.state().closed).toHaveLength(16);
});

test('6.1 campaigns that never end are bounded too', () => {
  const campaigns = book();
  for (let i = 0; i < 1_000; i += 1)
    campaigns.join(candidate('F'), { rangeId: i, rangeStart: i }, { equity: EQUITY, riskMicros: 1 });
  expect(campaigns.living.length).toBeLessThanOrEqual(16);
});

test('6.1 quiet bars make it dormant, a record wakes it, too many end it', () => {
  const campaigns = book();
  const campaign = campaigns.join(candidate('F'), RANGE, { equity: EQUITY, riskMicros: 1 });
  for (let i = 0; i < 4; i += 1) campaigns.age(idle);
  expect(campaign.state).toBe('FORMING');
  campaigns.age(idle);
  expect(campaign.state).toBe('DORMANT');
  campaigns.heard(1);
  expect(campaign.state).toBe('FORMING');
  for (let i = 0; i < 30; i += 1) campaigns.age(idle);
  expect(campaign.state).toBe('INVALIDATED');
});

test('6.1 one with an open position never expires; when its range ends it waits until it is flat', () => {
  const campaigns = book();
  const campaign = campaigns.join(candidate('F'), RANGE, { equity: EQUITY, riskMicros: 1 });
  campaigns.filled(campaign.id);
  for (let i = 0; i < 100; i += 1) campaigns.age({ ...idle, isBusy: () => true, currentRangeId: 2 });
  expect(campaign.state).toBe('DORMANT');
  campaigns.age({ ...idle, currentRangeId: 2 });
  expect(campaign.state).toBe('COMPLETED');
});

/** Opens a campaign with an F leg and lets it reach a state. */
function reach(campaigns: CampaignBook, state: Campaign['state'], leg: Leg = 'F'): Campaign {
  const campaign = campaigns.join(candidate(leg), RANGE, { equity: EQUITY, riskMicros: 1_000 });
  if (state === 'FORMING') return campaign;
  if (state === 'DORMANT') {
    for (let i = 0; i < 5; i += 1) campaigns.age({ ...idle, isBusy: () => true });
    return campaign;
  }
  campaigns.filled(campaign.id);
  if (state === 'MARKUP') campaigns.broke(campaign, false);
  return campaign;
}

test('6.1 every way from FORMING, ACTIVE, MARKUP and DORMANT that its row lists', () => {
  const forming = book();
  const first = reach(forming, 'FORMING');
  forming.filled(first.id);
  expect([first.state, first.reason]).toEqual(['ACTIVE', 'FIRST_FILL']);
  const broken = reach(book(), 'MARKUP');
  expect([broken.state, broken.reason]).toEqual(['MARKUP', 'BREAK']);
  const back = book();
  const failed = reach(back, 'MARKUP');
  back.broke(failed, true);
  expect([failed.state, failed.reason]).toEqual(['ACTIVE', 'BREAK_FAILED']);
  const asleep = book();
  const quiet = reach(asleep, 'DORMANT');
  expect([quiet.state, quiet.reason]).toEqual(['DORMANT', 'QUIET']);
  asleep.filled(quiet.id);
  expect(quiet.state).toBe('ACTIVE');
  for (const state of ['FORMING', 'ACTIVE', 'MARKUP', 'DORMANT'] as const) {
    const campaigns = book();
    const one = reach(campaigns, state);
    campaigns.end(one, 'CANCELLED', null);
    expect([one.state, one.reason, campaigns.living.length]).toEqual(['CANCELLED', 'USER', 0]);
  }
});

test('6.1 a campaign whose range broke before its first fill is marked up at that fill', () => {
  const late = book();
  const last = late.join(candidate('L', { phase: 'D' }), RANGE, { equity: EQUITY, riskMicros: 1 });
  late.filled(last.id);
  expect(last.state).toBe('MARKUP');
  const waiting = book();
  const first = reach(waiting, 'FORMING');
  waiting.broke(first, false);
  expect(first.state).toBe('FORMING');
  waiting.filled(first.id);
  expect(first.state).toBe('MARKUP');
  const failed = book();
  const unlucky = reach(failed, 'FORMING');
  failed.broke(unlucky, false);
  failed.broke(unlucky, true);
  failed.filled(unlucky.id);
  expect(unlucky.state).toBe('ACTIVE');
  const inRange = book();
  const early = inRange.join(candidate('L', { phase: 'B' }), RANGE, { equity: EQUITY, riskMicros: 1 });
  inRange.filled(early.id);
  expect(early.state).toBe('ACTIVE');
});

test('6.1 dormant and expired after the bars of the timeframe, and never with a position', () => {
  for (const [timeframe, [dormant, expired]] of Object.entries(AGES)) {
    const campaigns = book({ timeframe: timeframe as Campaign['timeframe'] });
    const campaign = campaigns.join(candidate('F'), RANGE, { equity: EQUITY, riskMicros: 1 });
    for (let i = 0; i < dormant - 1; i += 1) campaigns.age(idle);
    expect(campaign.state).toBe('FORMING');
    campaigns.age(idle);
    expect(campaign.state).toBe('DORMANT');
    for (let i = dormant; i < expired - 1; i += 1) campaigns.age(idle);
    expect(campaign.state).toBe('DORMANT');
    campaigns.age(idle);
    expect([campaign.state, campaign.reason]).toEqual(['INVALIDATED', 'EXPIRED']);
  }
  expect(AGES['1d']).toEqual([5, 30]);
  expect(AGES['1m']).toEqual([60, 240]);
});

test('6.1 MARKUP does not fall asleep; it completes when it was flat for the expiry age', () => {
  const campaigns = book();
  const campaign = reach(campaigns, 'MARKUP');
  for (let i = 0; i < 60; i += 1) campaigns.age({ ...idle, isBusy: () => true });
  expect(campaign.state).toBe('MARKUP');
  for (let i = 0; i < 29; i += 1) campaigns.age(idle);
  expect(campaign.state).toBe('MARKUP');
  campaigns.age(idle);
  expect([campaign.state, campaign.reason]).toEqual(['COMPLETED', 'EXPIRED']);
});

test('6.1 a flat campaign completes by its last rung, its shares or its range; one that never filled is invalidated', () => {
  const rung = book();
  const hit = reach(rung, 'ACTIVE');
  hit.lastRungHit = true;
  rung.age({ ...idle, isBusy: () => true });
  expect(hit.state).toBe('ACTIVE');
  rung.age(idle);
  expect([hit.state, hit.reason]).toEqual(['COMPLETED', 'LAST_RUNG']);
  const shares = book();
  const full = shares.join(candidate('L', { phase: 'D' }), RANGE, { equity: EQUITY, riskMicros: BUDGET });
  shares.filled(full.id);
  shares.age(idle);
  expect([full.state, full.reason]).toEqual(['COMPLETED', 'SHARES_USED']);
  const ended = book();
  const unfilled = reach(ended, 'FORMING');
  ended.age({ ...idle, currentRangeId: 2 });
  expect([unfilled.state, unfilled.reason]).toEqual(['INVALIDATED', 'RANGE_ENDED']);
});

test('6.1 what 6.4 ends takes no entry any more at once, and is over when its last position is closed', () => {
  const campaigns = book({ now: () => 9 });
  const campaign = reach(campaigns, 'MARKUP');
  campaigns.conclude(campaign, { legs: ['F', 'S', 'L'], ends: 'INVALIDATED', reason: 'EXTREME_BROKEN' }, 9);
  expect(campaigns.allowance(candidate('L'), RANGE, EQUITY).refusal).toBe('RK_CAMPAIGN_CLOSED');
  expect(campaigns.invalidatedAt('LONG')).toBe(9);
  campaigns.age({ ...idle, isBusy: () => true, currentRangeId: 2 });
  expect([campaign.state, campaign.closedAt]).toEqual(['MARKUP', null]);
  campaigns.windUp(campaign, 'CANCELLED', 'USER');
  campaigns.age(idle);
  expect([campaign.state, campaign.reason, campaign.closedAt, campaigns.living.length]).toEqual([
    'INVALIDATED',
    'EXTREME_BROKEN',
    9,
    0,
  ]);
  const part = book();
  const goesOn = reach(part, 'ACTIVE');
  part.conclude(goesOn, { legs: ['S', 'L'], ends: null, reason: 'BREAK_FAILED' }, 9);
  expect([goesOn.ending, part.invalidatedAt('LONG')]).toEqual([null, null]);
});

test('6.2 EXTERNAL: one entry with the whole budget, done when flat', () => {
  const campaigns = book();
  const external: Candidate = { ...candidate('F'), pattern: 'EXTERNAL' };
  expect(campaigns.allowance(external, RANGE, EQUITY).shareLeftMicros).toBe(BUDGET);
  const campaign = campaigns.join(external, RANGE, { equity: EQUITY, riskMicros: BUDGET });
  expect(campaigns.allowance(external, RANGE, EQUITY).shareLeftMicros).toBe(0);
  campaigns.filled(campaign.id);
  for (let i = 0; i < 50; i += 1) campaigns.age({ ...idle, isBusy: () => true, currentRangeId: 7 });
  expect([campaign.state, campaign.rangeEnded]).toEqual(['ACTIVE', false]);
  campaigns.age(idle);
  expect([campaign.state, campaign.reason]).toEqual(['COMPLETED', 'SHARES_USED']);
  const unfilled = book();
  const other = unfilled.join(external, RANGE, { equity: EQUITY, riskMicros: 1 });
  unfilled.age(idle);
  expect([other.state, other.reason]).toEqual(['INVALIDATED', 'UNFILLED']);
});

test('6.2 one allocation row per decision: share, used, rebalanced, binding, reason', () => {
  const rows: AllocationRow[] = [];
  const campaigns = book({ onAllocation: (row) => rows.push(row), now: () => 7 });
  campaigns.join(candidate('S'), RANGE, { equity: EQUITY, riskMicros: 500_000_000, binding: 'RK_HEAT' });
  campaigns.join(candidate('L'), RANGE, { equity: EQUITY, riskMicros: 1 });
  campaigns.refused(candidate('L', { confidence: 70 }), { rangeId: 9, rangeStart: 9 }, { equity: EQUITY, code: 'RK_LPS_ONLY' });
  expect(rows.map(({ leg, sharePercent: share, usedPercent, rebalanced, binding, reason, at }) => [leg, share, usedPercent, rebalanced, binding, reason, at])).toEqual([
    ['S', 70, 0, true, 'RK_HEAT', null, 7],
    ['L', 30, 10, false, null, null, 7],
    ['L', null, 0, false, null, 'RK_LPS_ONLY', 7],
  ]); // prettier-ignore
});

test('6 label and key name symbol, timeframe, start of the range and direction', () => {
  const at = Date.UTC(2024, 2, 5, 23);
  expect(campaignLabel({ symbol: 'BRK.B', timeframe: '4h', rangeStart: at, direction: 'SHORT' })).toBe('BRK.B-4h-2024-03-05-S');
  expect(reach(book(), 'FORMING').label).toBe('S-1d-1970-01-01-L');
});

const act = fc.record({
  kind: fc.constantFrom('join', 'join', 'fill', 'giveBack', 'heard', 'broke', 'failed', 'age', 'age', 'close', 'end', 'windUp'),
  leg: fc.constantFrom<Leg>('F', 'S', 'L'),
  part: fc.double({ min: 0, max: 1, noNaN: true }),
  equity: fc.integer({ min: 1_000_000_000, max: 2 * EQUITY }),
  confidence: fc.integer({ min: 70, max: 100 }),
  range: fc.integer({ min: 1, max: 3 }),
  end: fc.constantFrom<'COMPLETED' | 'INVALIDATED' | 'CANCELLED'>('COMPLETED', 'INVALIDATED', 'CANCELLED'),
});

test('TR-5 TR-7 whatever happens: lifetime risk within the budget of its creation, only listed transitions, terminal ones never change, restored the same', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), fc.nat(39), (acts, cut) => {
      const run = (at: number): string[] => {
        const seen: string[] = [];
        const states = new Map<string, Campaign['state']>();
        const watch = (campaign: Campaign): void => {
          const from = states.get(campaign.id);
          if (from !== undefined && from !== campaign.state) expect(CAMPAIGN_TRANSITIONS[from]).toContain(campaign.state);
          if (from !== undefined && isTerminalCampaign(from)) expect(campaign.state).toBe(from);
          states.set(campaign.id, campaign.state);
          seen.push(`${campaign.id} ${campaign.state} ${campaign.reason} ${campaign.version}`);
        };
        let campaigns = book({ onChange: watch });
        acts.forEach((one, i) => {
          if (i === at)
            campaigns = new CampaignBook(
              { accountId: 'a', symbol: 'S', timeframe: '1d', campaignBp: () => 500, onChange: watch },
              JSON.parse(JSON.stringify(campaigns.state())) as CampaignBookState,
            );
          const range = { rangeId: one.range, rangeStart: one.range };
          const living = campaigns.living[Math.floor(one.part * campaigns.living.length)];
          if (one.kind === 'join') {
            const wanted = candidate(one.leg, { confidence: one.confidence });
            const allowed = campaigns.allowance(wanted, range, one.equity);
            const risk = Math.floor(allowed.shareLeftMicros * one.part);
            if (allowed.refusal === null && risk > 0) campaigns.join(wanted, range, { equity: one.equity, riskMicros: risk });
          } else if (one.kind === 'age')
            campaigns.age({ isBusy: (id) => id.charCodeAt(0) % 3 === 0, currentRangeId: one.range, at: 0 });
          else if (one.kind === 'heard') campaigns.heard(one.range);
          else if (living === undefined) return;
          else if (one.kind === 'fill') campaigns.filled(living.id);
          else if (one.kind === 'giveBack') campaigns.giveBack(living.id, one.leg, Math.floor(living.used[one.leg] * one.part));
          else if (one.kind === 'close') living.lastRungHit = true;
          else if (one.kind === 'end') campaigns.end(living, one.end, 1);
          else if (one.kind === 'windUp') campaigns.windUp(living, one.end, 'USER');
          else campaigns.broke(living, one.kind === 'failed');
          for (const campaign of campaigns.living) {
            const { F, S, L } = campaign.used;
            expect(F + S + L).toBeLessThanOrEqual(campaign.budgetMicros);
            expect(F).toBeLessThanOrEqual(0.4 * campaign.budgetMicros);
          }
        });
        return seen;
      };
      expect(run(cut)).toEqual(run(-1));
    }),
    { seed: 17, numRuns: 10_000 },
  );
});

test('TR-5 the twin: a share that forgot what other legs used exceeds the budget', () => {
  const forgetful = (used: Record<Leg, number>, leg: Leg): number =>
    shareLeft({ F: 0, S: 0, L: 0, [leg]: used[leg] }, leg, { budget: BUDGET, confidence: 90 }) ?? 0;
  const used: Record<Leg, number> = { F: 0, S: 0, L: 0 };
  for (const leg of ['F', 'S', 'L'] as const) used[leg] += forgetful(used, leg);
  expect(used.F + used.S + used.L).toBeGreaterThan(BUDGET);
});

test('M10 a full book ends a flat campaign, never one that holds a position: its invalidation would go unheard', () => {
  const living = book();
  for (let i = 0; i < 16; i += 1) living.join(candidate('F'), { rangeId: i, rangeStart: i }, { equity: EQUITY, riskMicros: 1 });
  const [held, ...others] = living.living.map(({ id }) => id);
  living.filled(held, { signalId: living.byId(held)?.entries[0]?.signalId ?? '', riskMicros: 1 });
  living.age({ ...idle, isBusy: (id) => id === held });
  living.join(candidate('F'), { rangeId: 16, rangeStart: 16 }, { equity: EQUITY, riskMicros: 1 });
  expect(living.byId(held)?.state).toBe('ACTIVE');
  expect(living.living.length).toBeLessThanOrEqual(16);
  expect(others.some((id) => living.byId(id) === undefined)).toBe(true);
});
