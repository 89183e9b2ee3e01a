/** The census: names, sums, books, worst case. */
import { expect, test } from 'vitest';
import { BoundedError, BoundedQueue, Census, type CensusMember, FullError, Ring } from './index.ts';

test('several members of one name are one line, and its counters never run backwards while it lives', () => {
  const census = new Census();
  const queues = [1, 2].map(() => new BoundedQueue<number>({ name: 'server.ws.queue', capacity: 4, policy: 'fifo', census }));
  for (const queue of queues) for (let i = 0; i < 6; i += 1) queue.push(i);
  expect(census.row('server.ws.queue')).toMatchObject({
    instances: 2,
    size: 8,
    capacity: 8,
    accepted: 12,
    evicted: 4,
    highWater: 4,
  });
  queues[0]?.dispose();
  expect(census.row('server.ws.queue')).toMatchObject({ instances: 1, size: 4, capacity: 4, accepted: 12, dropped: 8 });
  expect(census.audit()).toEqual([]);
  queues[1]?.dispose();
  expect(census.rows()).toEqual([]);
  expect(census.size).toBe(0);
});

test('a reserved name stays with its counters, and counts in the proof before anything is there', () => {
  const census = new Census();
  const release = census.reserve({ name: 'server.ws.queue', kind: 'queue', instances: 1_000, bytesEach: 262_144 });
  new Ring({ name: 'server.replay', capacity: 1_000, itemBytes: 512, census });
  new Ring({ name: 'server.other', capacity: 10, census });
  const declared = census.declared();
  expect(declared.undeclared).toEqual(['server.other']);
  expect(declared.rows.map(({ name, bytes }) => [name, bytes])).toEqual([
    ['server.replay', 1_000 * (512 + 8)],
    ['server.ws.queue', 262_144_000],
  ]);
  expect(census.declaredBytes()).toBe(declared.totalBytes);
  const queue = new BoundedQueue<number>({ name: 'server.ws.queue', capacity: 4, policy: 'fifo', itemBytes: 8, census });
  queue.push(1);
  queue.dispose();
  expect(census.row('server.ws.queue')).toMatchObject({
    instances: 0,
    size: 0,
    accepted: 1,
    dropped: 1,
    droppedBy: { disposed: 1 },
  });
  release();
  expect(census.row('server.ws.queue')).toBeUndefined();
});

test('the audit finds broken books, an exceeded capacity, exceeded bytes, an exceeded reservation', () => {
  const census = new Census();
  const figures = {
    size: 3,
    capacity: 2,
    bytes: 90,
    limitBytes: 20,
    highWater: 3,
    accepted: 9,
    delivered: 1,
    held: 3,
    evicted: 0,
    dropped: 4,
    droppedBy: { oldest: 4 },
  };
  const liar: CensusMember = { name: 'liar', kind: 'queue', figures: () => figures };
  census.enrol(liar);
  census.reserve({ name: 'crowd', kind: 'ring', instances: 1, bytesEach: 1 });
  for (let i = 0; i < 2; i += 1) new Ring({ name: 'crowd', capacity: 1, census });
  expect(census.audit().map(({ name, law }) => [name, law])).toEqual([
    ['liar', 'conservation'],
    ['liar', 'capacity'],
    ['liar', 'bytes'],
    ['crowd', 'reservation'],
  ]);
  expect(census.audit()[0]?.text).toBe(
    'liar: expected accepted = delivered + dropped + held, was 9 accepted, 1 delivered + 4 dropped (total 4) + 3 held',
  );
});

test('L7 names and members are bounded; a name keeps its kind', () => {
  const census = new Census({ maxNames: 2, maxMembers: 3 });
  new Ring({ name: 'a', capacity: 1, census });
  new Ring({ name: 'b', capacity: 1, census });
  expect(() => new Ring({ name: 'c', capacity: 1, census })).toThrow(FullError);
  expect(() => new BoundedQueue({ name: 'a', capacity: 1, policy: 'fifo', census })).toThrow(BoundedError);
  new Ring({ name: 'a', capacity: 1, census });
  expect(() => new Ring({ name: 'a', capacity: 1, census })).toThrow(FullError);
  expect(census.size).toBe(3);
});
