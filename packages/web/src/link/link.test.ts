/** C3: listeners are bounded per topic, leave with their owner, and the server hears of the first and the last. */
import { Census, Scope, TopicFullError } from '@wyckoff/bounded';
import { describe, expect, it } from 'vitest';
import { openDeskLink } from '../testing/desk-link.ts';
import { MemoryServer } from '../testing/memory-server.ts';

const TOPIC = 'bars:SPX:1d';

async function opened() {
  const server = new MemoryServer({ ring: 10 });
  const desk = openDeskLink(server);
  desk.link.connection.wake();
  await desk.timers.advance(10);
  return { server, desk };
}

describe('C3 subscriptions', () => {
  it('C3 the server is told once per topic, by reference count', async () => {
    const { server, desk } = await opened();
    const one = desk.link.subscribe(TOPIC, () => undefined);
    const two = desk.link.subscribe(TOPIC, () => undefined);
    expect(server.ops).toEqual([{ op: 'subscribe', topics: [TOPIC] }]);
    one.dispose();
    one.dispose();
    expect(server.ops).toHaveLength(1);
    two.dispose();
    expect(server.ops.at(-1)).toEqual({ op: 'unsubscribe', topics: [TOPIC] });
    expect(desk.link.listeners()).toEqual([]);
  });

  it('C3 the 51st listener of a topic is refused by name', async () => {
    const { desk } = await opened();
    for (let i = 0; i < 50; i += 1) desk.link.subscribe(TOPIC, () => undefined);
    expect(() => desk.link.subscribe(TOPIC, () => undefined)).toThrow(TopicFullError);
  });

  it('C3 100 mounts and unmounts leave no listener; a view that forgets leaves one', async () => {
    const { desk } = await opened();
    for (let i = 0; i < 100; i += 1) {
      const view = new Scope({ name: 'view', timers: desk.timers, census: new Census() });
      desk.link.subscribe(TOPIC, () => undefined, view);
      await view.dispose();
    }
    expect(desk.link.listeners()).toEqual([]);
    desk.link.subscribe(TOPIC, () => undefined);
    expect(desk.link.listeners()).toEqual([{ topic: TOPIC, handlers: 1 }]);
  });

  it('C3 after a reconnect the hello names every topic that has a listener', async () => {
    const { server, desk } = await opened();
    const seen: unknown[] = [];
    desk.link.subscribe(TOPIC, (frame) => void seen.push(frame.data));
    server.cut(1006);
    await desk.timers.advance(2_000);
    expect(server.hellos.at(-1)?.topics).toContain(TOPIC);
    server.value(TOPIC, 'bar.closed', { c: 1 });
    expect(seen).toEqual([{ c: 1 }]);
  });
});
