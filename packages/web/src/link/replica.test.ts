/** The replica equals the server's state, whatever the network does on the way (interface.md 3.6 and 10). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDeskLink, type DeskLink } from '../testing/desk-link.ts';
import { MemoryServer } from '../testing/memory-server.ts';

const byId = (list: readonly { readonly id: string; readonly version: number }[]): Record<string, number> =>
  Object.fromEntries(list.map(({ id, version }) => [id, version] as const).sort(([a], [b]) => a.localeCompare(b)));

function equals(desk: DeskLink, server: MemoryServer): boolean {
  const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);
  return (
    same(byId(desk.state.signals), byId(server.state.signals)) && same(byId(desk.state.positions), byId(server.state.positions))
  );
}

/** Each fact once, each topic in order; a snapshot may skip facts, never repeat one. */
function onceInOrder(desk: DeskLink): boolean {
  return (['signal.changed', 'position.changed'] as const).every((type) => {
    const seqs = desk.applied.filter((row) => row.type === type).map((row) => row.seq);
    return seqs.every((seq, i) => i === 0 || seq > seqs[i - 1]);
  });
}

type Step =
  | { readonly do: 'fact'; readonly topic: 'signals' | 'positions'; readonly id: number; readonly fault: 'none' | 'double' }
  | { readonly do: 'lose'; readonly id: number }
  | { readonly do: 'cut'; readonly code: number | undefined }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'sync' | 'resync' | 'epoch' | 'failSnapshot' | 'garbage' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('fact' as const),
      topic: fc.constantFrom('signals' as const, 'positions' as const),
      id: fc.nat(9),
      fault: fc.constantFrom('none' as const, 'double' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), id: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cut' as const), code: fc.constantFrom(1001, 1006, 1013, 4408, 4429, undefined) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 40_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('sync' as const, 'resync' as const, 'epoch' as const, 'failSnapshot' as const, 'garbage' as const),
    }),
  },
);

async function run(server: MemoryServer, desk: DeskLink, steps: readonly Step[]): Promise<void> {
  desk.link.connection.wake();
  for (const one of steps) {
    switch (one.do) {
      case 'fact':
        server.commit(one.topic, String(one.id), one.fault);
        break;
      case 'lose':
        // TCP loses no message in the middle; if something did, the count of the next sync tells.
        server.commit('signals', String(one.id), 'lose');
        server.sync();
        break;
      case 'cut':
        server.cut(one.code);
        break;
      case 'pass':
        await desk.timers.advance(one.ms);
        break;
      case 'sync':
        server.sync();
        break;
      case 'resync':
        server.resync(['signals']);
        break;
      case 'epoch':
        server.newEpoch();
        break;
      case 'failSnapshot':
        server.snapshotsFail = 1;
        break;
      case 'garbage':
        server.raw('{"op":"nonsense"');
        break;
    }
  }
  server.snapshotsFail = 0;
  await desk.timers.advance(60_000);
  desk.link.connection.wake();
  await desk.timers.advance(5_000);
  server.sync();
  await desk.timers.advance(5_000);
}

describe('replica', () => {
  it('M1 C2 random cuts, doubles, losses, resyncs and restarts: the replica equals the server, each fact once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), fc.integer({ min: 3, max: 40 }), async (steps, ring) => {
        const server = new MemoryServer({ ring });
        const desk = openDeskLink(server);
        await run(server, desk, steps);
        expect(desk.link.connection.state).toBe('open');
        expect(equals(desk, server)).toBe(true);
        expect(onceInOrder(desk)).toBe(true);
        expect(server.mostAlive).toBeLessThanOrEqual(1);
        await desk.scope.dispose();
        expect(desk.census.size).toBe(0);
        expect(desk.timers.waiting).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it('twin: a server that skips the replay is caught by the same comparison', async () => {
    const server = new MemoryServer({ ring: 40, lies: true });
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(100);
    server.commit('signals', 'a');
    server.cut(1006);
    server.commit('signals', 'b');
    await desk.timers.advance(10_000);
    expect(desk.link.connection.state).toBe('open');
    expect(equals(desk, server)).toBe(false);
  });

  it('twin: applying every frame without its number repeats facts, and the check says so', async () => {
    const server = new MemoryServer({ ring: 40 });
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(100);
    server.commit('signals', 'a', 'double');
    expect(onceInOrder(desk)).toBe(true);
    desk.applied.push(desk.applied[0]);
    expect(onceInOrder(desk)).toBe(false);
  });

  it('CONNECT: live frames wait in `incoming` while the snapshot is on its way, then only the newer ones apply', async () => {
    const server = new MemoryServer({ ring: 40 });
    server.commit('signals', 'a');
    server.heldSnapshots = [];
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(10);
    server.commit('signals', 'b');
    expect(desk.link.replica.incoming.size).toBe(1);
    expect(desk.applied).toEqual([]);
    server.heldSnapshots.forEach((release) => release());
    server.heldSnapshots = null;
    await desk.timers.advance(10);
    expect(desk.applied.map((row) => row.seq)).toEqual([2]);
    expect(equals(desk, server)).toBe(true);
  });

  it('C2 more than 1,000 facts during a snapshot: it is taken again, and nothing is missing', async () => {
    const server = new MemoryServer({ ring: 5_000 });
    server.heldSnapshots = [];
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(10);
    for (let i = 0; i < 1_001; i += 1) server.commit('signals', String(i % 7));
    server.heldSnapshots = null;
    await desk.timers.advance(5_000);
    expect(desk.link.replica.status.state).toBe('current');
    expect(equals(desk, server)).toBe(true);
  });

  it('REPLAY: after a cut the missing facts come, and the desk says how many', async () => {
    const server = new MemoryServer({ ring: 100 });
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(10);
    server.cut(1006);
    for (let i = 0; i < 38; i += 1) server.commit('positions', String(i % 5));
    await desk.timers.advance(2_000);
    expect(desk.link.replica.status.note).toEqual({ kind: 'replayed', count: 38 });
    expect(desk.link.replica.status.snapshots).toBe(1);
    expect(equals(desk, server)).toBe(true);
  });

  it('RESYNC: a ring that no longer reaches back brings one snapshot of those topics, and "reloaded"', async () => {
    const server = new MemoryServer({ ring: 5 });
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(10);
    server.cut(1006);
    for (let i = 0; i < 20; i += 1) server.commit('positions', String(i % 5));
    await desk.timers.advance(2_000);
    expect(desk.link.replica.status).toMatchObject({ snapshots: 2, note: { kind: 'reloaded' } });
    expect(equals(desk, server)).toBe(true);
  });

  it('three failed snapshots end in the error state, and Retry mends it', async () => {
    const server = new MemoryServer({ ring: 5 });
    server.snapshotsFail = 3;
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(20_000);
    expect(desk.link.replica.status.state).toBe('failed');
    desk.link.replica.retry();
    await desk.timers.advance(10);
    expect(desk.link.replica.status.state).toBe('current');
  });

  it('a welcome of another contract says so', async () => {
    const server = new MemoryServer({ ring: 5 });
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(10);
    expect(desk.outdated()).toBe(0);
    server.raw(
      JSON.stringify({
        op: 'welcome',
        epoch: server.epoch,
        seq: 0,
        user: 'u',
        role: 'admin',
        serverTime: 0,
        contractHash: 'other',
        resume: 'CURRENT',
      }),
    );
    expect(desk.outdated()).toBe(1);
  });
});
