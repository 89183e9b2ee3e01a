/** `wyckoff halt` and `wyckoff resume`: the kill switch, also when no server answers. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { HaltAnswer, TradingWire } from '@wyckoff/contracts';
import { activate } from '@wyckoff/domain';
import { HaltFile } from '../../session/safety/halt-file.ts';
import { EXIT, Exit } from '../exit-codes.ts';
import { Output, tell } from '../output.ts';
import { exitOf, ServerClient, ServerProblem, ServerUnreachable, type ServerOptions } from './server-client.ts';

export interface HaltOptions extends ServerOptions {
  readonly level: 'STOP' | 'FLATTEN';
  readonly confirm?: string;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function halt(options: HaltOptions): Promise<void> {
  const { level, confirm, reason = 'wyckoff halt', dryRun = false } = options;
  if (level === 'FLATTEN' && !dryRun && confirm !== 'FLATTEN')
    throw new Exit(
      EXIT.usage,
      'FLATTEN closes every position at market: say --confirm FLATTEN, or --dry-run to see what it would do',
    );
  const client = new ServerClient(options);
  const body = { level, reason, dryRun, ...(confirm === 'FLATTEN' && { confirm }) };
  let answer: HaltAnswer;
  try {
    answer = await client.ask<HaltAnswer>('/trading/halt', { method: 'POST', body });
  } catch (error) {
    // A drill asks and changes nothing; everything else must hold, whoever answers.
    if (dryRun || (error instanceof ServerProblem && error.status < 500)) throw exitOf(error);
    await leaveFile(client, options, error);
    return;
  }
  const out = new Output();
  if (options.json === true) out.json(answer);
  else for (const line of linesOf(level, answer)) out.line(line);
  out.flush();
}

/** The last resort: a server of this folder stops within a second of seeing the file, and one that starts later starts stopped. */
async function leaveFile(client: ServerClient, { level, reason = 'wyckoff halt' }: HaltOptions, error: unknown): Promise<void> {
  if (!existsSync(client.dataDir)) throw exitOf(error);
  const file = new HaltFile(client.dataDir);
  const kill = activate(await file.read(), { level, activationId: randomUUID(), actor: 'local', reason, at: Date.now() });
  await file.write(kill);
  tell(
    `wyckoff: ${error instanceof ServerUnreachable ? 'no server answers' : (error as Error).message}; ${level} stands in ${file.path}.`,
  );
  tell('A server of this folder obeys it within a second, and one that starts later starts halted.');
  if (level === 'FLATTEN')
    throw new Exit(EXIT.unreachable, 'open positions are not closed before a server runs: look at the broker itself');
}

function linesOf(level: HaltOptions['level'], { dryRun, tookMs, halt: state, cancels, closes, adapters }: HaltAnswer): string[] {
  const done = dryRun ? 'would be' : 'was';
  return [
    dryRun
      ? `Drill: nothing was changed; the switch is ${state.level}.`
      : `The switch is ${state.level}, in force after ${tookMs.toFixed(0)} ms.`,
    ...(state.stored ? [] : ['It could NOT be stored: it acts in this server only. See the log.']),
    ...(cancels.length === 0 ? [`No entry works: none ${done} cancelled.`] : []),
    ...(closes.length === 0 && level === 'FLATTEN' ? [`No position is open: none ${done} closed.`] : []),
    ...cancels.map(({ symbol, orderId }) => `entry ${orderId} (${symbol}) ${done} cancelled`),
    ...closes.map((row) => `position ${row.positionId} (${row.symbol}): ${row.state} ${row.sentence}`),
    ...adapters.map(({ name, ok, sentence }) => `${name}: ${ok ? 'answered' : sentence}`),
  ];
}

export interface ResumeOptions extends ServerOptions {
  readonly reason: string;
  readonly acknowledge?: readonly string[];
  readonly json?: boolean;
}

/** Typing the verb with a reason is the typed phrase: it is sent word for word. */
export async function resumeTrading({ reason, acknowledge = [], json, ...server }: ResumeOptions): Promise<void> {
  const client = new ServerClient(server);
  let state: TradingWire;
  try {
    const phrase = 'RESUME TRADING';
    const { stepUpToken } = await client.ask<{ stepUpToken: string }>('/auth/step-up', {
      method: 'POST',
      body: { action: 'resume', phrase },
    });
    state = await client.ask<TradingWire>('/trading/actions', {
      method: 'POST',
      headers: { 'x-step-up': stepUpToken },
      body: { action: 'resume', reason, acknowledge },
    });
  } catch (error) {
    throw exitOf(error);
  }
  const out = new Output();
  if (json === true) out.json(state);
  else out.line(`The switch is ${state.halt.level}.`);
  out.flush();
}
