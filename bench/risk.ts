/**
 * How long a risk check takes: `npm run bench:risk -- --checks N --json`. Timed one by one is everything between a record and
 * its approved size: the candidate with its plan, the five stages of the chain with the risk engine in them, and the check
 * and size again at acceptance, in an account with 5 positions and 10 reservations over all classes. Aim: median below 50
 * microseconds (trading.md 11, 12).
 */
import process from 'node:process';
import { RiskDesk } from '../packages/domain/src/risk/desk.ts';
import type { Exposure } from '../packages/domain/src/risk/exposure.ts';
import { exposure, sizeInput, snapshot } from '../packages/domain/src/risk/fixture.ts';
import { tightenLimits } from '../packages/domain/src/risk/limits.ts';
import type { SizeInput } from '../packages/domain/src/risk/size.ts';
import { validate } from '../packages/domain/src/setup/chain.ts';
import { candidate, quietMarket, springRecord, utadRecord } from '../packages/domain/src/setup/fixture.ts';
import { levelsStage } from '../packages/domain/src/setup/stage-levels.ts';
import { phaseStage } from '../packages/domain/src/setup/stage-phase.ts';
import { strategyStage } from '../packages/domain/src/setup/stage-strategy.ts';
import { volumeStage } from '../packages/domain/src/setup/stage-volume.ts';
import { tradedInstrument } from '../packages/domain/src/trade/instrument.ts';

const WARM_UP = 5_000;
const POSITIONS = 5;
const RESERVATIONS = 10;
const LIMITS = tightenLimits({ openPositions: 50 });
const CLASSES = ['STOCK', 'CRYPTO', 'FUTURE', 'FOREX', 'INDEX'] as const;
const INSTRUMENTS = [
  tradedInstrument({ symbol: 'S', assetClass: 'STOCK' }),
  tradedInstrument({ symbol: 'BTC', assetClass: 'CRYPTO', buckets: ['BTC'] }),
  tradedInstrument({ symbol: 'EURUSD', assetClass: 'FOREX', contractSize: 1_000, tickSize: 0.01 }),
  tradedInstrument({ symbol: 'I', assetClass: 'INDEX', buckets: ['US'] }),
];

function readChecks(argv: readonly string[]): number {
  const at = argv.indexOf('--checks');
  const checks = Number(at < 0 ? '20000' : argv[at + 1]);
  if (!Number.isInteger(checks) || checks < 100)
    throw new Error(`--checks: expected a whole number from 100, was ${argv[at + 1]}`);
  return checks;
}

function atStake(): readonly Exposure[] {
  return Array.from({ length: POSITIONS + RESERVATIONS }, (_, i) =>
    exposure({
      id: `x${i}`, kind: i < POSITIONS ? 'POSITION' : 'RESERVATION', symbol: `X${i}`, assetClass: CLASSES[i % CLASSES.length] ?? 'STOCK',
      buckets: [`B${i}`], campaignId: `c${i % 4}`, riskMicros: 100_000_000, notionalMicros: 1_000_000_000, marginMicros: 10_000_000,
      cashMicros: i < POSITIONS ? 0 : 500_000_000,
    }),
  ); // prettier-ignore
}

/** One signal from its record to its approved size. */
function checkOnce(desk: RiskDesk, rows: readonly Exposure[], n: number): boolean {
  const instrument = INSTRUMENTS[n % INSTRUMENTS.length];
  if (instrument === undefined) throw new Error('bench: expected an instrument, was none');
  const isLong = n % 3 !== 0;
  const one = candidate(isLong ? springRecord() : utadRecord(), isLong ? 'SPRING' : 'UTAD', { symbol: instrument.symbol });
  const market = quietMarket({ assetClass: instrument.assetClass, causeFactor: 3 });
  const input: SizeInput = sizeInput({ instrument, candidate: one, market, limits: LIMITS, snapshot: snapshot(rows) });
  const chain = validate(one, () => market, {
    VOLUME: volumeStage,
    PHASE: phaseStage,
    LEVELS: levelsStage,
    RISK: () => desk.findings(input),
    STRATEGY: strategyStage,
  });
  return chain.failed === null && desk.check(input).refusal === null;
}

function measure(checks: number): {
  readonly medianMicroseconds: number;
  readonly p99Microseconds: number;
  readonly accepted: number;
} {
  const desk = new RiskDesk();
  const rows = atStake();
  for (let n = 0; n < WARM_UP; n += 1) checkOnce(desk, rows, n);
  const took = new Float64Array(checks);
  let accepted = 0;
  for (let n = 0; n < checks; n += 1) {
    const from = performance.now();
    if (checkOnce(desk, rows, n)) accepted += 1;
    took[n] = (performance.now() - from) * 1_000;
  }
  took.sort();
  const at = (share: number): number => Math.round((took[Math.floor(checks * share)] ?? NaN) * 10) / 10;
  return { medianMicroseconds: at(0.5), p99Microseconds: at(0.99), accepted };
}

const checks = readChecks(process.argv);
const result = { checks, positions: POSITIONS, reservations: RESERVATIONS, ...measure(checks) };
const { medianMicroseconds, p99Microseconds, accepted } = result;
process.stdout.write(
  process.argv.includes('--json')
    ? `${JSON.stringify(result)}\n`
    : `${checks} risk checks, ${accepted} accepted: median ${medianMicroseconds} us, p99 ${p99Microseconds} us\n`,
);
