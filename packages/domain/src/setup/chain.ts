/** The validation chain: fixed order, the first FAIL stops, warnings add up, a stage that throws is a FAIL (trading.md 3). */
import type { Candidate } from './candidate.ts';
import type { MarketContext } from './market-context.ts';
import type { ChainStep } from './signal.ts';

export type StageName = ChainStep['stage'];
export const STAGE_ORDER = ['VOLUME', 'PHASE', 'LEVELS', 'RISK', 'STRATEGY'] as const satisfies readonly StageName[];

export type Finding = Omit<ChainStep, 'stage'>;
/** Findings that are not PASS; none: the stage passed. At most one FAIL, the last. */
export type Stage = (candidate: Candidate, market: () => MarketContext, warnings: number) => readonly Finding[];

export interface Chain {
  readonly status: ChainStep['result'];
  readonly steps: readonly ChainStep[];
  /** The step that failed; null when none did. */
  readonly failed: ChainStep | null;
}

/** Runs the stages over a candidate; the market is asked for only by a stage that needs it. */
export function validate(candidate: Candidate, market: () => MarketContext, stages: Readonly<Record<StageName, Stage>>): Chain {
  const steps: ChainStep[] = [];
  for (const stage of STAGE_ORDER) {
    const warnings = steps.filter((step) => step.result === 'WARN').length;
    const findings = guarded(stages[stage], candidate, { market, warnings });
    const figures = findings.length === 0 ? [PASS] : findings;
    for (const finding of figures) steps.push({ stage, ...finding });
    const last = steps.at(-1);
    if (last?.result === 'FAIL') return { status: 'FAIL', steps, failed: last };
  }
  return { status: steps.some((step) => step.result === 'WARN') ? 'WARN' : 'PASS', steps, failed: null };
}

const PASS: Finding = Object.freeze({ code: 'PASS', result: 'PASS', measured: null, limit: null, sentence: 'Passed.' });

function guarded(
  stage: Stage,
  candidate: Candidate,
  of: { readonly market: () => MarketContext; readonly warnings: number },
): readonly Finding[] {
  try {
    const findings = stage(candidate, of.market, of.warnings);
    const firstFail = findings.findIndex((finding) => finding.result === 'FAIL');
    return firstFail === -1 ? findings : findings.slice(0, firstFail + 1);
  } catch (error) {
    return [fail('VALIDATOR_ERROR', `The check itself failed: ${error instanceof Error ? error.message : String(error)}`)];
  }
}

type Figures = { readonly measured?: number | null; readonly limit?: number | null };

export function fail(code: string, sentence: string, figures: Figures = {}): Finding {
  return { code, result: 'FAIL', measured: figures.measured ?? null, limit: figures.limit ?? null, sentence };
}

export function warn(code: string, sentence: string, figures: Figures = {}): Finding {
  return { code, result: 'WARN', measured: figures.measured ?? null, limit: figures.limit ?? null, sentence };
}

/** A stage that passed, with what it was judged by. */
export function pass(figures: Figures): Finding {
  return { ...PASS, measured: figures.measured ?? null, limit: figures.limit ?? null };
}

/** What an EXTERNAL candidate has no record for: said in the chain, never judged (8.4). */
export function notApplicable(what: string): Finding {
  return {
    code: 'NOT_APPLICABLE',
    result: 'PASS',
    measured: null,
    limit: null,
    sentence: `An order from outside has no ${what} to judge.`,
  };
}
