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
import { CampaignBook } from './campaign-book.ts';

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

function book(): CampaignBook {
  return new CampaignBook({ accountId: 'a', symbol: 'S', timeframe: '1d', campaignBp: 500 });
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
    { seed: 15, numRuns: 1_000 },
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
    { seed: 16 },
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
