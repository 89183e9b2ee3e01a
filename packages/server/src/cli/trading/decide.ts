/** `wyckoff approve` and `wyckoff reject`: the decision on a signal that waits, with what was offered and what came of it. */
import type { DecisionAnswer, SignalAnswer } from '@wyckoff/contracts';
import { EXIT, Exit } from '../exit-codes.ts';
import { Output } from '../output.ts';
import { exitOf, ServerClient, type ServerOptions } from './server-client.ts';
import { orderLine, signalLine } from './words.ts';

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
  const client = new ServerClient(options);
  const path = `/signals/${encodeURIComponent(signalId)}`;
  let offered: SignalAnswer;
  let answer: DecisionAnswer;
  try {
    offered = await client.ask<SignalAnswer>(path);
    answer = await client.ask<DecisionAnswer>(`${path}/decision`, { method: 'POST', body });
  } catch (error) {
    throw exitOf(error);
  }
  const out = new Output();
  if (options.json === true) out.json(answer);
  else for (const line of linesOf(decision, offered, answer)) out.line(line);
  out.flush();
  if (!answer.gate.allowed && decision === 'approve') throw new Exit(EXIT.refused, '');
}

function linesOf(decision: 'approve' | 'reject', { signal, waiting }: SignalAnswer, answer: DecisionAnswer): string[] {
  if (answer.repeated || decision === 'reject') return [signalLine(signal), answer.sentence];
  const { gate, order, dryRun } = answer;
  // A refused one has nothing after it.
  const after = gate.allowed ? [`${dryRun ? 'would be ' : 'approved '} ${signalLine(answer.signal)}`] : [];
  return [
    `offered   ${signalLine({ ...signal, ...waiting?.entry.snapshot })}`,
    ...gate.checks.map((check) => `${check.passed ? 'ok  ' : 'MISS'}  ${check.code}  ${check.sentence}`.trimEnd()),
    ...after,
    ...(order === null || dryRun ? [] : [orderLine(order)]),
    answer.sentence,
  ];
}
