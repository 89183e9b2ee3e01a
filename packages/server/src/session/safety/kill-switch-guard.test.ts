/** The kill switch acts at once, whatever the database does, and is STOP whenever it cannot be read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { KILL_SWITCH_OFF, allowsOpening, type KillSwitch } from '@wyckoff/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KillSwitch as StoredFlag } from '../../store/trading-store.ts';
import { HaltFile } from './halt-file.ts';
import { KillSwitchGuard } from './kill-switch-guard.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wyckoff-halt-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Store = 'up' | 'refuses' | 'hangs';

/** One row, as a store keeps it; it can be made to refuse or to hang. */
class Row {
  state: Store = 'up';
  flag: StoredFlag = { level: 'OFF', readable: true, reason: '', actor: null, at: 0, activationId: null, results: [] };
  writes: KillSwitch[] = [];

  read = async (): Promise<StoredFlag> => {
    await this.#answer();
    return this.flag;
  };

  write = async (kill: KillSwitch): Promise<void> => {
    await this.#answer();
    this.writes.push(kill);
    this.flag = { ...kill, readable: true };
  };

  #answer(): Promise<void> {
    if (this.state === 'hangs') return new Promise(() => undefined);
    return this.state === 'up' ? Promise.resolve() : Promise.reject(new Error('connection refused'));
  }
}

function bench() {
  const row = new Row();
  const clock = new VirtualClock();
  const alarms: string[] = [];
  const file = new HaltFile(folder);
  const guard = new KillSwitchGuard({
    read: row.read,
    write: row.write,
    file,
    timers: clock,
    onAlarm: ({ sentence }) => alarms.push(sentence),
  });
  return { row, clock, alarms, file, guard };
}

const stop = { level: 'STOP', activationId: 'a-1', actor: 'ann', reason: 'news', at: 5 } as const;
const flatten = { level: 'FLATTEN', activationId: 'a-2', actor: 'ann', reason: 'worse', at: 6 } as const;
const lift = { actor: 'ann', isAdmin: false, steppedUp: true, reason: 'all is well', at: 9, acknowledged: [] };
/** Waits for the work; when the store hangs, time passes until whoever waits gives up. */
async function passing<T>(clock: VirtualClock, work: Promise<T>, row?: Row): Promise<T> {
  let done = false;
  const settle = (): void => void (done = true);
  work.then(settle, settle);
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve));
    if (row?.state === 'hangs') clock.advance(250);
  }
  return work;
}

describe('7.6 the kill switch of a server', () => {
  it('7.6 OFF when the store says so, STOP before it was ever read', async () => {
    const { guard, clock } = bench();
    expect(allowsOpening(guard.last.kill)).toBe(false);
    expect(await passing(clock, guard.read())).toMatchObject({ kill: { level: 'OFF' }, readable: true, stored: true });
  });

  it.each(['refuses', 'hangs'] as const)('TR-11 a store that %s is STOP within half a second', async (state) => {
    const { guard, clock, row } = bench();
    row.state = state;
    const before = clock.now();
    const flag = await passing(clock, guard.read(), row);
    expect(flag).toMatchObject({ kill: { level: 'STOP', activationId: 'unreadable' }, readable: false });
    expect(clock.now() - before).toBeLessThanOrEqual(1_000);
  });

  it('TR-11 an unreadable or malformed row is STOP', async () => {
    const { guard, clock, row } = bench();
    for (const flag of [
      { ...row.flag, readable: false },
      { ...row.flag, level: 'off' as 'OFF' },
      { ...row.flag, at: 1.5 },
    ]) {
      row.flag = flag;
      expect(allowsOpening((await passing(clock, guard.read())).kill)).toBe(false);
    }
  });

  it('7.6 activating is in force before anything is written, and is stored once', async () => {
    const { guard, clock, row } = bench();
    await passing(clock, guard.read());
    const writing = guard.activate(stop);
    expect(guard.last.kill.level).toBe('STOP');
    expect(row.writes).toHaveLength(0);
    expect(await passing(clock, writing)).toMatchObject({ stored: true, kill: { level: 'STOP', actor: 'ann' } });
    await passing(clock, guard.activate({ ...stop, activationId: 'again' }));
    expect(row.writes.map((kill) => kill.activationId)).toEqual(['a-1']);
  });

  it.each(['refuses', 'hangs'] as const)(
    '7.6 with a store that %s it acts in memory and alarms; it is written when the store is back',
    async (state) => {
      const { guard, clock, row, alarms, file } = bench();
      await passing(clock, guard.read());
      row.state = state;
      const flag = await passing(clock, guard.activate(flatten), row);
      expect(flag).toMatchObject({ stored: false, kill: { level: 'FLATTEN' } });
      expect(alarms).toHaveLength(1);
      // What is stored still says OFF: the strictest counts.
      row.state = 'up';
      expect(await passing(clock, guard.read())).toMatchObject({ stored: false, kill: { level: 'FLATTEN' } });
      expect((await file.read()).activationId).toBe('a-2');
      await passing(clock, guard.settle());
      expect(row.flag.level).toBe('FLATTEN');
      expect(await passing(clock, guard.read())).toMatchObject({ stored: true, kill: { level: 'FLATTEN' } });
    },
  );

  it('7.6 a halt that only reached the data folder survives the process', async () => {
    const first = bench();
    await passing(first.clock, first.guard.read());
    first.row.state = 'refuses';
    await passing(first.clock, first.guard.activate(stop));
    const second = bench();
    expect(await passing(second.clock, second.guard.read())).toMatchObject({ kill: { level: 'STOP', actor: 'ann' } });
  });

  it('7.6 an empty file, or one of anything, stops', async () => {
    for (const text of ['', 'stop', '{"level":"OFF"', '[]', '{"level":"OFF"}']) {
      writeFileSync(new HaltFile(folder).path, text);
      const { guard, clock } = bench();
      expect(allowsOpening((await passing(clock, guard.read())).kill)).toBe(false);
    }
  });

  it('7.6 resuming clears store and file; refused, it changes nothing', async () => {
    const { guard, clock, row, file } = bench();
    await passing(clock, guard.read());
    await passing(clock, guard.activate(stop));
    await file.write(guard.last.kill);
    expect(await passing(clock, guard.resume({ ...lift, steppedUp: false }))).toMatchObject({ refusal: { code: 'STEP_UP' } });
    expect(row.flag.level).toBe('STOP');
    expect(await passing(clock, guard.resume(lift))).toMatchObject({ flag: { kill: { level: 'OFF' } } });
    expect(row.flag.level).toBe('OFF');
    expect(await file.read()).toEqual(KILL_SWITCH_OFF);
  });

  it('7.6 a resume that cannot be stored does not resume', async () => {
    const { guard, clock, row } = bench();
    await passing(clock, guard.read());
    await passing(clock, guard.activate(stop));
    row.write = () => Promise.reject(new Error('disk full'));
    const { guard: again } = { guard: new KillSwitchGuard({ read: row.read, write: row.write, file: new HaltFile(folder), timers: clock, onAlarm: () => undefined }) }; // prettier-ignore
    await expect(passing(clock, again.resume(lift))).rejects.toThrow('disk full');
    expect(allowsOpening((await passing(clock, again.read())).kill)).toBe(false);
  });

  it('7.6 STOP said while FLATTEN is being written is written too, the stricter wins', async () => {
    const { guard, clock, row } = bench();
    await passing(clock, guard.read());
    const both = Promise.all([guard.activate(stop), guard.activate(flatten)]);
    expect(guard.last.kill.level).toBe('FLATTEN');
    await passing(clock, both);
    expect(row.flag).toMatchObject({ level: 'FLATTEN', activationId: 'a-2' });
    expect(guard.last.stored).toBe(true);
  });

  it('7.6 neither store nor folder: it still acts, and says that it would be lost', async () => {
    const { guard, clock, row, alarms } = bench();
    await passing(clock, guard.read());
    row.state = 'refuses';
    rmSync(folder, { recursive: true });
    expect(await passing(clock, guard.activate(stop))).toMatchObject({ stored: false, kill: { level: 'STOP' } });
    expect(alarms[0]).toContain('lost with this process');
  });
});
