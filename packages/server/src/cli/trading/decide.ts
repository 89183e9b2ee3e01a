/** `wyckoff approve` and `wyckoff reject`: the decision on a signal that waits. */
import type { DecisionAnswer } from '@wyckoff/contracts';
import { EXIT, Exit } from '../exit-codes.ts';
import { Output } from '../output.ts';
import { exitOf, ServerClient, type ServerOptions } from './server-client.ts';

export interface DecideOptions extends ServerOptions {
  readonly quantity?: number;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function decide(decision: 'approve' | 'reject', signalId: string, options: DecideOptions): Promise<void> {
  const { quantity, reason, dryRun = false } = options;
  const body = {
    decision,
    dryRun,
    ...(reason !== undefined && { reason }),
    ...(quantity !== undefined && { qtyMicros: Math.floor(quantity * 1e6) }),
  };
  let answer: DecisionAnswer;
  try {
    answer = await new ServerClient(options).ask<DecisionAnswer>(`/signals/${encodeURIComponent(signalId)}/decision`, {
      method: 'POST',
      body,
    });
  } catch (error) {
    throw exitOf(error);
  }
  const out = new Output();
  if (options.json === true) out.json(answer);
  else {
    for (const check of answer.gate.checks)
      out.line(`${check.passed ? 'ok  ' : 'MISS'}  ${check.code}  ${check.sentence}`.trimEnd());
    out.line(answer.sentence);
  }
  out.flush();
  if (!answer.gate.allowed && decision === 'approve') throw new Exit(EXIT.refused, '');
}
