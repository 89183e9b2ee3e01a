/** Automatic execution: thirteen checks in order; the first miss sends the signal to the approval queue (trading.md 4.6). */
import type { EpochMs } from '../bar/bar.ts';
import type { Micros, Pattern } from '../setup/signal.ts';
import { PATTERNS } from '../setup/signal.ts';
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import { add, mulDiv } from '../trade/money.ts';
import { walk } from './check.ts';
import type { Walked } from './check.ts';
import type { DayCounters } from './day-counters.ts';
import type { HaltLevel } from './kill-switch.ts';
import { BREAKER_LOSSES } from './loss-breaker.ts';
import type { BreakerState } from './loss-breaker.ts';

/** What a trader allows; changing it takes the consent away, because the consent names the version it was given for. */
export interface AutomationSettings {
  readonly version: number;
  readonly enabled: boolean;
  /** 60-100. */
  readonly minConfidence: number;
  readonly patterns: readonly Pattern[];
  /** Empty: all. */
  readonly whitelist: readonly string[];
  readonly blacklist: readonly string[];
  /** Automatic entries a trading day, 1-50. */
  readonly maxTrades: number;
  /** Automatic risk a trading day, basis points of equity, up to 1,000; null: no such limit. */
  readonly maxRiskBp: number | null;
  /** Losers in a row that open the breaker, 1-10. */
  readonly breakerLosses: number;
}

/** Who agreed to which settings, and to which words. */
export interface Consent {
  readonly settingsVersion: number;
  readonly by: string;
  readonly at: EpochMs;
  /** Where the request came from. */
  readonly address: string;
  readonly text: string;
}

export const AUTOMATION_OFF: AutomationSettings = Object.freeze({
  version: 1,
  enabled: false,
  minConfidence: 85,
  patterns: Object.freeze(['SPRING', 'SOS', 'LPS', 'UTAD', 'SOW', 'LPSY'] as const),
  whitelist: Object.freeze([]),
  blacklist: Object.freeze([]),
  maxTrades: 10,
  maxRiskBp: null,
  breakerLosses: BREAKER_LOSSES,
});

const MAX_SYMBOLS = 500;

/** The first value outside its range, or null. */
export function refuseAutomation(settings: AutomationSettings): Refusal | null {
  const { minConfidence, maxTrades, maxRiskBp, breakerLosses, patterns, whitelist, blacklist } = settings;
  return (
    outside('minConfidence', minConfidence, [60, 100]) ??
    outside('maxTrades', maxTrades, [1, 50]) ??
    (maxRiskBp === null ? null : outside('maxRiskBp', maxRiskBp, [1, 1_000])) ??
    outside('breakerLosses', breakerLosses, [1, 10]) ??
    outside('whitelist', whitelist.length, [0, MAX_SYMBOLS]) ??
    outside('blacklist', blacklist.length, [0, MAX_SYMBOLS]) ??
    (patterns.every((pattern) => PATTERNS.includes(pattern) && pattern !== 'EXTERNAL')
      ? null
      : refusal('SETTING', 'patterns: expected trading patterns; EXTERNAL always waits for a person.'))
  );
}

function outside(field: string, value: number, [min, max]: readonly [number, number]): Refusal | null {
  if (Number.isInteger(value) && value >= min && value <= max) return null;
  return refusal('SETTING', `${field}: expected a whole number from ${min} to ${max}, was ${value}.`, {
    measured: value,
    limit: max,
  });
}

/** What the signal is, as far as automation asks. */
export interface AutomaticSignal {
  readonly symbol: string;
  readonly pattern: Pattern;
  readonly confidence: number | null;
  readonly needsReview: boolean;
  readonly riskMicros: Micros;
}

/** The account as it is at this instant; null fields are unknown and refuse. */
export interface AutomationContext {
  readonly settings: AutomationSettings;
  readonly consent: Consent | null;
  readonly killLevel: HaltLevel;
  readonly breaker: BreakerState;
  /** Names of the halts in force for account, class and symbol, RECONCILE among them. */
  readonly halts: readonly string[];
  /** Of the trading day of now. */
  readonly counters: DayCounters;
  readonly equityMicros: Micros;
  readonly dataFresh: boolean;
  readonly brokerConnected: boolean;
  /** The risk engine, reserving when it passes: asked last. */
  readonly reserve: () => Refusal | null;
}

/** The thirteen checks; what passes is reserved. */
export function judgeAutomation(signal: AutomaticSignal, now: AutomationContext): Walked {
  const { settings, consent, breaker, halts, counters } = now;
  const { symbol, pattern, confidence } = signal;
  return walk([
    row('AUTO_OFF', settings.enabled, 'Automatic execution is off for this account.'),
    row('KILL_SWITCH', now.killLevel === 'OFF', `Trading is halted: ${now.killLevel}.`),
    row('AUTO_CONSENT', consent?.settingsVersion === settings.version, 'No consent was given for these settings.'),
    row('AUTO_BREAKER', breaker.state === 'CLOSED', `The loss breaker is open after ${breaker.losses} losers in a row.`),
    row('HALTED', halts.length === 0, `Entries are halted: ${halts.join(', ')}.`),
    {
      code: 'AUTO_CONFIDENCE',
      ask: () =>
        confidence !== null && confidence >= settings.minConfidence
          ? null
          : refusal('AUTO_CONFIDENCE', 'The confidence is below what automation asks for.', {
              ...(confidence !== null && { measured: confidence }),
              limit: settings.minConfidence,
            }),
    },
    row('AUTO_PATTERN', settings.patterns.includes(pattern), `Automation does not trade ${pattern}.`),
    row('AUTO_SYMBOL', isListed(symbol, settings), `${symbol} is not in the whitelist, or in the blacklist.`),
    row('ST_REVIEW', !signal.needsReview, 'The signal asks for review by a person.'),
    {
      code: 'AUTO_TRADES',
      ask: () =>
        counters.trades < settings.maxTrades
          ? null
          : refusal('AUTO_TRADES', 'The automatic trades of the day are used up.', {
              measured: counters.trades,
              limit: settings.maxTrades,
            }),
    },
    { code: 'AUTO_RISK', ask: () => refuseDayRisk(signal, now) },
    row('STALE_DATA', now.dataFresh, 'The data is too old to act on.'),
    row('BROKER_DOWN', now.brokerConnected, 'The broker is not connected.'),
    { code: 'RISK', ask: now.reserve },
  ]);
}

function isListed(symbol: string, { whitelist, blacklist }: AutomationSettings): boolean {
  return (whitelist.length === 0 || whitelist.includes(symbol)) && !blacklist.includes(symbol);
}

function refuseDayRisk(signal: AutomaticSignal, { settings, counters, equityMicros }: AutomationContext): Refusal | null {
  if (settings.maxRiskBp === null) return null;
  const limit = mulDiv(equityMicros, settings.maxRiskBp, 10_000, 'down');
  const measured = add(counters.riskMicros, signal.riskMicros);
  return measured <= limit ? null : refusal('AUTO_RISK', 'The automatic risk of the day would be exceeded.', { measured, limit });
}

function row(code: string, passes: boolean, sentence: string): { readonly code: string; readonly ask: () => Refusal | null } {
  return { code, ask: () => (passes ? null : refusal(code, sentence)) };
}
