import { expect, test } from 'vitest';
import { lps, springTest } from '../engine/kit/scripted-market.ts';
import { candidateOf } from '../setup/candidate.ts';
import type { Leg } from '../setup/signal.ts';
import { COST_MODELS } from '../trade/costs.ts';
import { tradedInstrument } from '../trade/instrument.ts';
import type { OpenPosition, PositionPlan } from '../trade/open-position.ts';
import { PositionBook } from '../trade/position-book.ts';
import { CampaignBook } from './campaign-book.ts';
import type { Campaign } from './campaign.ts';
import type { CampaignRecord } from './campaign-record.ts';
import { positionR } from './measures.ts';
import { studyCampaigns } from './quality-study.ts';
import { RecentCampaigns, RECENT_CAMPAIGNS } from './recent-campaigns.ts';
import { recordOf } from './record-of.ts';

const DAY = 86_400_000;
const EQUITY = 100_000_000_000;
const stock = tradedInstrument({ symbol: 'S', assetClass: 'STOCK' });
const account = { id: 'a', kind: 'PAPER', currency: 'USD', startingMicros: EQUITY } as const;
const context = { accountId: 'a', symbol: 'S', timeframe: '1d', tickSize: 0.01, bar: { time: 0, close: 101.5 } } as const;
const range = { rangeId: 1, rangeStart: 0 };

function plan(signalId: string, leg: Leg, campaignId: string): PositionPlan {
  return {
    signalId, campaignId, pattern: leg === 'F' ? 'SPRING' : 'LPS', leg, direction: 'LONG', phase: 'C', confidence: 80, signalAt: 0, initialStop: 95,
    targets: [110, 115, 120], protectingEdge: 95,
  }; // prettier-ignore
}

function scene(): {
  readonly campaigns: CampaignBook;
  readonly campaign: Campaign;
  readonly book: PositionBook;
  readonly open: (leg: Leg) => OpenPosition;
  readonly leave: (position: OpenPosition, price: number, steps: number, reason?: 'STOP' | 'T3') => void;
  readonly record: (reservedMicros?: number) => CampaignRecord;
} {
  let at = 0;
  const campaigns = new CampaignBook({ accountId: 'a', symbol: 'S', timeframe: '1d', campaignBp: () => 500, now: () => at });
  const book = new PositionBook({ account, instrument: stock, costs: COST_MODELS.zero, onLedger: null });
  const spring = candidateOf(springTest(9), 'SPRING', context);
  const campaign = campaigns.join(spring, range, { equity: EQUITY, riskMicros: 50_000_000 });
  const fill = { price: 100, ts: 0, steps: 10, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: 'o' };
  return {
    campaigns, campaign, book,
    open: (leg) => {
      const signalId = leg === 'F' ? spring.signalId : 'l';
      const position = book.open(plan(signalId, leg, campaign.id), fill, null);
      campaigns.filled(campaign.id, { signalId, riskMicros: position.initialRiskMicros });
      return position;
    },
    leave: (position, price, steps, reason = 'T3') => {
      at += DAY;
      book.close(position, { ...fill, price, steps, ts: at }, reason);
      if (position.openSteps === 0) campaigns.closed(position, stock);
    },
    record: (reservedMicros = 0) => recordOf(campaign, { equityMicros: book.equity, open: book.positions, reservedMicros, instrument: stock, at }),
  }; // prettier-ignore
}

test('6.5 position R is weighted by quantity and counts from the initial stop, wherever the stop is now', () => {
  const { open, leave } = scene();
  const position = open('F');
  position.stop = 100;
  leave(position, 110, 5);
  leave(position, 105, 3);
  leave(position, 100, 2, 'STOP');
  expect(positionR(position)).toBeCloseTo((10 * 5 + 5 * 3 + 0 * 2) / 10 / 5, 12);
});

test('6.5 a campaign sums its positions: R, profit, return, weighted prices, achievement, efficiency; legs apart', () => {
  const { open, leave, record, campaign } = scene();
  const first = open('F');
  leave(first, 110, 5);
  leave(first, 120, 5);
  const last = open('L');
  leave(last, 95, 10, 'STOP');
  const { metrics } = record();
  expect(metrics).toMatchObject({
    positions: 2,
    wins: 1,
    winRate: 0.5,
    pnlMicros: 100_000_000,
    avgEntry: 100,
    avgExit: 105,
    returnRatio: 0.001,
  });
  expect(metrics.r).toBeCloseTo(2, 12);
  expect(metrics.efficiency).toBeCloseTo(2 / 4, 12);
  expect(metrics.targetAchievement).toBeCloseTo((120 + 100) / 2 / 1 / 18 - 100 / 18, 12);
  expect(metrics.byLeg.F?.r).toBeCloseTo(3, 12);
  expect(metrics.byLeg.L?.r).toBeCloseTo(-1, 12);
  expect(metrics.byLeg.S).toBeNull();
  expect(metrics.days).toBe(3);
  expect(campaign.entries.map((entry) => entry.state)).toEqual(['CLOSED']);
});

test('6.5 what is open counts at its mark, and as no win yet', () => {
  const { open, record, book } = scene();
  open('F');
  book.mark({ time: DAY, open: 105, high: 106, low: 104, close: 105, volume: 1 });
  expect(record().metrics).toMatchObject({ positions: 1, wins: 0, winRate: null, r: 1, pnlMicros: 50_000_000, avgExit: null });
});

test('6.5 health: GREEN, YELLOW near the limit or a tenth of the risk down, RED over it, stopped or invalidated', () => {
  const { open, leave, record, book, campaigns, campaign } = scene();
  expect(record().health).toBe('GREEN');
  expect(record(4_000_000_000).health).toBe('YELLOW');
  expect(record(3_999_999_999).health).toBe('GREEN');
  expect(record(5_000_000_000).health).toBe('YELLOW');
  expect(record(5_000_000_001).health).toBe('RED');
  const position = open('F');
  book.mark({ time: DAY, open: 99.5, high: 100, low: 99.5, close: 99.5, volume: 1 });
  expect(record().health).toBe('GREEN');
  book.mark({ time: 2 * DAY, open: 99.4, high: 100, low: 99.4, close: 99.4, volume: 1 });
  expect(record().health).toBe('YELLOW');
  leave(position, 95, 10, 'STOP');
  expect(record().health).toBe('RED');
  const fresh = scene();
  fresh.campaigns.end(fresh.campaign, 'INVALIDATED', 0);
  expect(fresh.record().health).toBe('RED');
  expect(campaigns.byId(campaign.id)).toBe(campaign);
});

test('6.5 the next expected entry is F, then S, then L', () => {
  const { campaign, campaigns, record } = scene();
  expect(record().nextLeg).toBe('S');
  campaigns.broke(campaign, false);
  expect(record().nextLeg).toBe('L');
  campaigns.join(candidateOf(lps(9), 'LPS', context), range, { equity: EQUITY, riskMicros: 1 });
  expect(record().nextLeg).toBeNull();
});

test('6.1 the last rung is noted when a position gave its last part to its last target', () => {
  const { open, leave, campaign } = scene();
  leave(open('F'), 120, 10, 'T3');
  expect([campaign.lastRungHit, campaign.wasStopped]).toEqual([true, false]);
});

function finished(i: number, legs: readonly Leg[], quality: number, r: number): CampaignRecord {
  const { record } = scene();
  const one = record();
  const measures = { ...one.metrics, positions: 1, r, pnlMicros: r };
  const byLeg = {
    F: legs.includes('F') ? measures : null,
    S: legs.includes('S') ? measures : null,
    L: legs.includes('L') ? measures : null,
  };
  return {
    ...one,
    id: `${i}`,
    closedAt: 1,
    atEntry: { rangeQuality: quality, phaseConfidence: 70 },
    metrics: { ...measures, byLeg },
  };
}

test('6.5 quality studies group by legs or by what was known at entry; below 10 not enough, below 30 weak', () => {
  const records = [
    ...Array.from({ length: 9 }, (_, i) => finished(i, ['F'], 85, 1)),
    ...Array.from({ length: 10 }, (_, i) => finished(i, ['F', 'L'], 85, i % 2 === 0 ? 2 : -1)),
    ...Array.from({ length: 30 }, (_, i) => finished(i, ['L'], 100, 1)),
  ];
  expect(studyCampaigns(records, 'legs')).toEqual([
    { key: 'F', campaigns: 9, evidence: 'NOT_ENOUGH_DATA', winRate: null, meanR: null },
    { key: 'F-L', campaigns: 10, evidence: 'WEAK', winRate: 0.5, meanR: 0.5 },
    { key: 'L', campaigns: 30, evidence: 'FAIR', winRate: 1, meanR: 1 },
  ]);
  expect(studyCampaigns(records, 'rangeQuality').map(({ key, campaigns }) => [key, campaigns])).toEqual([
    ['80-90', 19],
    ['90-100', 30],
  ]);
  expect(studyCampaigns([{ ...finished(1, ['F'], 80, 1), closedAt: null }], 'legs')).toEqual([]);
});

test('M10 two hundred finished campaigns are kept, the oldest leave', () => {
  const recent = new RecentCampaigns();
  for (let i = 0; i < 1_000; i += 1) recent.add(finished(i, ['F'], 80, 1));
  expect(recent.records).toHaveLength(RECENT_CAMPAIGNS);
  expect([recent.records[0]?.id, recent.records.at(-1)?.id]).toEqual(['800', '999']);
  expect(new RecentCampaigns(recent.records).records).toEqual(recent.records);
});
