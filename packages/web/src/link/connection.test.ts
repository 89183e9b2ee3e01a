/** M1: one state machine, one socket, one timer; each close code obeyed. */
import { describe, expect, it } from 'vitest';
import { openDeskLink } from '../testing/desk-link.ts';
import { MemoryServer } from '../testing/memory-server.ts';
import { ceilingMs, delayMs, verdictOf } from './backoff.ts';
import { SILENCE_MS } from './connection.ts';
import type { LinkEnvironment, SocketEvents } from './environment.ts';

describe('M1 reconnect', () => {
  it('M1 waits 1, 2, 4 ... 30 s at most, anywhere below with full jitter', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map(ceilingMs)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    const retry = { kind: 'retry', leastMs: 0 } as const;
    expect(delayMs(retry, { attempt: 3, random: 0 })).toBe(0);
    expect(delayMs(retry, { attempt: 3, random: 0.5 })).toBe(4_000);
    expect(delayMs(verdictOf(1013, 0) as typeof retry, { attempt: 0, random: 0 })).toBe(5_000);
    expect(delayMs(verdictOf(4400, 0) as typeof retry, { attempt: 0, random: 0 })).toBe(30_000);
    expect(delayMs(verdictOf(4429, 3) as typeof retry, { attempt: 0, random: 0 })).toBe(30_000);
  });

  it('M1 the back-off starts again only after a welcome, not after an opening', async () => {
    const server = new MemoryServer({ ring: 10 });
    server.refuseWith = 1006;
    const desk = openDeskLink(server, () => 1);
    desk.link.connection.wake();
    await desk.timers.advance(1 + 1_000 + 2_000 + 4_000);
    expect(server.opened).toBe(4);
    server.refuseWith = null;
    await desk.timers.advance(8_000);
    expect(desk.link.connection.state).toBe('open');
    server.refuseWith = 1006;
    server.cut(1006);
    expect(desk.link.connection.status.retryAt).toBe(desk.timers.now() + 1_000);
  });

  it('M1 25 s without a frame count as lost, a frame every 15 s keeps the link', async () => {
    const server = new MemoryServer({ ring: 10 });
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    for (let i = 0; i < 20; i += 1) {
      await desk.timers.advance(15_000);
      server.sync();
    }
    expect(server.opened).toBe(1);
    server.cut();
    await desk.timers.advance(SILENCE_MS - 1);
    expect(desk.link.connection.state).toBe('open');
    await desk.timers.advance(2);
    expect(desk.link.connection.state).not.toBe('open');
    await desk.timers.advance(2_000);
    expect(server.opened).toBe(2);
  });

  it('M1 at most one socket and one link timer live through 100 cuts', async () => {
    const server = new MemoryServer({ ring: 10 });
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(10);
    const base = desk.timers.waiting;
    for (let i = 0; i < 100; i += 1) {
      server.cut(1006);
      desk.link.connection.wake();
      desk.link.connection.wake();
      await desk.timers.advance(1_000);
    }
    expect(server.mostAlive).toBe(1);
    expect(desk.timers.waiting).toBe(base);
    expect(server.opened).toBe(101);
  });

  it('M1 what a socket that was given up still says is not heard', async () => {
    const server = new MemoryServer({ ring: 10 });
    const sockets: SocketEvents[] = [];
    const real = server.environment.bind(server);
    server.environment = (random) => {
      const environment = real(random);
      const openSocket: LinkEnvironment['openSocket'] = (events) => {
        sockets.push(events);
        return environment.openSocket(events);
      };
      return { ...environment, openSocket };
    };
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(10);
    desk.link.connection.restart();
    await desk.timers.advance(10);
    const [former] = sockets;
    const { generation } = desk.link.connection.status;
    former.opened();
    former.received('not json');
    former.received('{"op":"event","topic":"account","type":"account.updated","ts":0,"key":"a","data":{}}');
    former.closed(4403);
    await desk.timers.advance(10);
    expect(desk.link.connection.status).toMatchObject({ state: 'open', generation, reason: null, closeCode: null });
    expect([server.hellos.length, desk.values.length, desk.link.connection.unreadable]).toEqual([2, 0, 0]);
    expect([server.opened, server.alive]).toEqual([2, 1]);
  });

  it('M1 4403 stops for good; 4409 waits without a timer until it is wanted; 4401 reads the session once', async () => {
    const server = new MemoryServer({ ring: 10 });
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(10);
    server.cut(4409);
    await desk.timers.advance(600_000);
    expect(server.opened).toBe(1);
    expect(desk.link.connection.status).toMatchObject({ state: 'waiting', reason: 'replaced', retryAt: null });
    desk.link.connection.wake();
    await desk.timers.advance(10);
    expect(server.opened).toBe(2);
    server.cut(4401);
    await desk.timers.advance(10);
    expect(server.opened).toBe(3);
    server.cut(4403);
    await desk.timers.advance(600_000);
    desk.link.connection.wake();
    expect(desk.link.connection.status).toMatchObject({ state: 'stopped', reason: 'forbidden' });
    expect(server.opened).toBe(3);
  });

  it('M1 three 4429 in 5 min mark the link as slow', async () => {
    const server = new MemoryServer({ ring: 10 });
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    for (let i = 0; i < 3; i += 1) {
      await desk.timers.advance(31_000);
      expect(desk.link.connection.state).toBe('open');
      server.cut(4429);
    }
    expect(desk.link.connection.status.slow).toBe(true);
    await desk.timers.advance(400_000);
    expect(desk.link.connection.status.slow).toBe(false);
  });

  it('unreadable frames are counted and change nothing', async () => {
    const server = new MemoryServer({ ring: 10 });
    const desk = openDeskLink(server);
    desk.link.connection.wake();
    await desk.timers.advance(10);
    server.raw('not json');
    server.raw('{"op":"surprise"}');
    expect(desk.link.status.dropped).toBe(2);
    expect(desk.link.connection.state).toBe('open');
  });

  it('twin: disposing the scope ends socket and timers; forgetting to would leave them', async () => {
    const server = new MemoryServer({ ring: 10 });
    const kept = openDeskLink(server);
    kept.link.connection.wake();
    await kept.timers.advance(10);
    expect([server.alive, kept.timers.waiting > 0]).toEqual([1, true]);
    await kept.scope.dispose();
    expect([server.alive, kept.timers.waiting, kept.census.size]).toEqual([0, 0, 0]);
  });
});
