/** Refusals of the domain as rows of the contract's table of problems; their codes and figures travel unchanged (interface.md 2.3). */
import type { GateWire, ProblemCode } from '@wyckoff/contracts';
import type { CommandAnswer, KillSwitch } from '@wyckoff/domain';
import type { Refused } from '../desk.ts';

const PROBLEM_OF: Readonly<Record<string, ProblemCode>> = {
  NOT_FOUND: 'resource.not_found',
  FORBIDDEN: 'auth.forbidden',
  NOT_PENDING: 'signal.decided',
  EXPIRED: 'signal.expired',
  INVALIDATED: 'signal.expired',
  KILL_SWITCH: 'trading.halted',
  HALTED: 'trading.halted',
  STALE_DATA: 'data.stale',
  BROKER_DOWN: 'broker.unavailable',
  LIVE_NOT_ALLOWED: 'live.not_eligible',
  STOP_WIDENED: 'stop.loosens',
  STOP_WRONG_SIDE: 'stop.wrong_side',
  EXIT_TOO_LARGE: 'exit.too_large',
  ORDER_FINAL: 'order.final',
  VERSION: 'request.version_conflict',
  STEP_UP: 'auth.step_up',
  UNACKNOWLEDGED: 'request.invalid',
  REASON: 'request.invalid',
  SETTING: 'request.invalid',
  LIVE_ACCOUNT: 'request.invalid',
};

/** What an answer that was not done says to a client. */
export function refusedAnswer(answer: CommandAnswer, kill: KillSwitch): Refused {
  const { refusal, gate } = answer;
  const code = refusal?.code ?? 'UNKNOWN';
  const checks = gate?.checks ?? [
    { code, passed: false, value: refusal?.measured ?? null, limit: refusal?.limit ?? null, sentence: refusal?.sentence ?? '' },
  ];
  return {
    ok: false,
    code: PROBLEM_OF[code] ?? 'risk.refused',
    detail: refusal?.sentence ?? 'The engine refused it without a reason.',
    extra: {
      reasonCode: code,
      checks,
      ...(PROBLEM_OF[code] === 'trading.halted' && { halt: { level: kill.level, reason: kill.reason } }),
    },
  };
}

export function notFound(what: string, id: string): Refused {
  return { ok: false, code: 'resource.not_found', detail: `expected a known ${what}, was ${id}` };
}

/** The gate of an answer that has none of its own: done, or the one refusal. */
export function gateOf({ done, gate, refusal }: CommandAnswer): GateWire {
  if (gate !== null) return { allowed: gate.allowed, checks: gate.checks.map((check) => ({ ...check })) };
  if (done || refusal === null) return { allowed: done, checks: [] };
  const { code, measured, limit, sentence } = refusal;
  return { allowed: false, checks: [{ code, passed: false, value: measured, limit, sentence }] };
}
