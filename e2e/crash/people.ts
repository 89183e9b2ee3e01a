/**
 * People at a session: at every bar they do what is theirs to do, decided by the bar and the state alone, so that whoever is killed in the middle
 * does the rest after the restart and nothing twice.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { idOf } from '../../packages/domain/src/index.ts';
import type { Answer } from '../../packages/server/src/session/desk.ts';
import type { Session } from '../../packages/server/src/session/open.ts';
import type { Actor } from '../../packages/server/src/session/trading-desk.ts';

const ann: Actor = { user: 'local', role: 'admin', address: '127.0.0.1', requestId: 'crash', steppedUp: true };
/** Every so many bars the switch is thrown and taken back. */
const HALT_EVERY = 41;
/** A position is left by hand when its number of bars says so; an odd one gets a tighter stop first. */
const LEAVE_AFTER_MS = 12 * 86_400_000;

function must<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`people: ${answer.code}: ${answer.detail}`);
  return answer.value;
}

export async function actAsPeople({ desk, trading: { desk: trading } }: Session): Promise<void> {
  const account = (await trading.state()).accounts[0];
  if (account === undefined) throw new Error('people: expected an account, was none');
  if (account.acceptance !== 'queue')
    must(await trading.act({ action: 'setAcceptance', account: account.id, mode: 'queue' }, ann));
  for (;;) {
    await decide();
    const replay = desk.replay.state().replay;
    if (replay === null || replay.finished) return;
    desk.replay.step();
    while (desk.replay.state().replay?.position === replay.position) {
      if (desk.health().failure !== null) throw new Error(`people: ${desk.health().failure ?? ''}`);
      await turn();
    }
  }

  async function decide(): Promise<void> {
    const position = desk.replay.state().replay?.position ?? 0;
    const { halt } = await trading.state();
    if (halt.level !== 'OFF') must(await trading.act({ action: 'resume', reason: 'it was a drill', acknowledge: [] }, ann));
    for (const signal of must(await desk.signals({ status: 'PENDING', limit: 200 })).items) {
      const answer = await trading.decide(signal.id, { decision: 'approve', dryRun: false }, ann);
      if (!answer.ok && answer.code !== 'risk.refused') must(answer);
    }
    for (const open of must(await desk.positions({ status: 'OPEN', limit: 200 })).items) {
      const tighter = open.initialStop + (open.avgEntry - open.initialStop) / 8;
      const side = open.direction === 'LONG' ? 1 : -1;
      if (side * (open.stop - tighter) < 0 && side * (open.last - tighter) > 0) {
        const moved = await trading.moveStop(
          open.id,
          { stop: Math.round(tighter * 100) / 100, version: open.version, dryRun: false },
          ann,
        );
        if (!moved.ok && !['stop.loosens', 'stop.wrong_side'].includes(moved.code)) must(moved);
      }
      if (open.lastAt - open.openedAt > LEAVE_AFTER_MS) {
        const key = idOf('leave', open.id);
        const left = await trading.exit(open.id, { dryRun: false, key }, ann);
        if (!left.ok && left.code !== 'request.key_reused') must(left);
      }
    }
    if (position > 0 && position % HALT_EVERY === 0) {
      await trading.halt({ level: 'STOP', reason: 'a drill', dryRun: false }, ann);
      must(await trading.act({ action: 'resume', reason: 'it was a drill', acknowledge: [] }, ann));
    }
  }
}
