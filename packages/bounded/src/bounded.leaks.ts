/** Leak cases of the bounded structures: what they let go of is gone; each twin keeps something, as the mistake would. */
import { EventEmitter } from 'node:events';
import {
  BoundedQueue,
  Census,
  DeadlineHeap,
  drain,
  KeyedRegistry,
  LruTtlCache,
  QueuedHandler,
  Ring,
  RollingCounter,
  Scope,
  SingleFlight,
  TimerWheel,
  TopicHub,
} from './index.ts';
import type { LeakCase } from './leak-kit/index.ts';
import { VirtualClock } from './leak-kit/index.ts';

const census = new Census();
const clock = new VirtualClock();
/** Where the twins keep what they should not. */
const kept: unknown[] = [];

const message = (i: number): { readonly id: number; readonly text: string } => ({ id: i, text: `message ${i}` });

const ring = new Ring<object>({ name: 'leaks.ring', capacity: 1_000, census });
const outbox = new BoundedQueue<object>({ name: 'leaks.outbox', capacity: 1_000, policy: 'fifo', census });
const cache = new LruTtlCache<string, object>({ name: 'leaks.cache', capacity: 100, ttlMs: 1_000, clock, census });
const flights = new SingleFlight<string, object>({ name: 'leaks.flights', capacity: 10, census });
const counter = new RollingCounter({ name: 'leaks.counter', capacity: 24, bucketMs: 1_000, clock, census });
const registry = new KeyedRegistry<string, object>({ name: 'leaks.registry', capacity: 10, policy: 'leastUsed', census });
const hub = new TopicHub<{ bar: object }>({ name: 'leaks.hub', capacity: 4, census });
const crowdedHub = new TopicHub<{ bar: object }>({ name: 'leaks.crowded', capacity: 4, handlersPerTopic: 1e9, census });
const wheel = new TimerWheel({ name: 'leaks.wheel', capacity: 100, tickMs: 10, timers: clock, census });
const deadlines = new DeadlineHeap<object>({
  name: 'leaks.deadlines',
  capacity: 100,
  policy: 'refuse',
  onExpire: () => undefined,
  timers: clock,
  census,
});
const root = new Scope({ name: 'leaks', census, timers: clock });
/** Lives as long as the process, like the signal of a root scope. */
const processWide = new AbortController();

/** Opens and ends one of everything in a child scope. */
async function oneOfEach(watch: (object: object) => void): Promise<void> {
  const emitter = new EventEmitter();
  await using scope = root.child('connection', { capacity: 16 });
  watch(scope);
  scope.interval(1_000, () => undefined);
  scope.timeout(1_000, () => undefined);
  scope.listen(emitter, 'tick', () => undefined);
  scope.task('pump', (signal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())));
  new Ring({ name: 'leaks.connection.ring', capacity: 4, scope }).push(message(1));
  new BoundedQueue({ name: 'leaks.connection.queue', capacity: 4, policy: 'fifo', scope }).push(message(2));
  new LruTtlCache<string, object>({ name: 'leaks.connection.cache', capacity: 4, ttlMs: 1_000, scope }).set('a', message(3));
  new TimerWheel({ name: 'leaks.connection.wheel', capacity: 4, tickMs: 10, slots: 4, timers: clock, scope }).after(
    50,
    () => undefined,
  );
}

export const leaks: readonly LeakCase[] = [
  {
    id: 'C2',
    name: 'a ring keeps nothing that was overwritten or popped',
    run(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const item = message(i);
        watch(item);
        ring.push(item);
      }
      while (ring.pop() !== undefined);
    },
    // The popped slot is not cleared: the index moves, the reference stays.
    twin(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const item = message(i);
        watch(item);
        kept[i % 1_000] = item;
      }
    },
  },
  {
    id: 'C2',
    name: 'a queue keeps nothing that was sent, dropped or given back and sent later',
    async run(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const item = message(i);
        watch(item);
        outbox.push(item);
      }
      let failures = 3;
      while (outbox.size > 0) await drain(outbox, () => failures-- <= 0, { yieldTurn: () => Promise.resolve() });
    },
    twin(n) {
      for (let i = 0; i < n; i += 1) kept.push(message(i));
    },
  },
  {
    id: 'C7',
    name: 'a cache fed with invented keys keeps its bound and no evicted value',
    run(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const value = message(i);
        watch(value);
        cache.set(`key ${i}`, value);
      }
      clock.advance(2_000);
      cache.sweep();
    },
    twin: (() => {
      const map = new Map<string, object>();
      let next = 0;
      return (n: number) => {
        for (let i = 0; i < n; i += 1) map.set(`key ${next++}`, message(i));
      };
    })(),
  },
  {
    id: 'L3',
    name: 'shared loads leave no listener on a signal that outlives them',
    // Few: adding a listener costs time in proportion to those that the twin has left.
    repetitions: 100,
    toleranceBytes: 16,
    async run(n) {
      for (let i = 0; i < n; i += 1) await flights.run('SPY', () => Promise.resolve(message(i)), processWide.signal);
    },
    // Pitfall: {once: true} on a long-lived signal that never fires.
    twin(n) {
      for (let i = 0; i < n; i += 1) processWide.signal.addEventListener('abort', () => void message(i), { once: true });
    },
  },
  {
    id: 'M2',
    name: 'a rolling counter keeps no samples',
    run(n) {
      for (let i = 0; i < n; i += 1) {
        clock.advance(1);
        counter.add();
      }
    },
    twin(n) {
      for (let i = 0; i < n; i += 1) kept.push({ atMs: i });
    },
  },
  {
    id: 'M12',
    name: 'a registry keeps no value that was evicted or dropped',
    run(n, watch) {
      for (let i = 0; i < n; i += 1) {
        registry.open(`symbol ${i}`, () => {
          const value = message(i);
          watch(value);
          return value;
        });
        if (i % 3 === 0) registry.drop(`symbol ${i}`);
      }
      registry.clear();
    },
    twin(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const value = message(i);
        watch(value);
        kept.push(value);
      }
    },
  },
  {
    id: 'C3',
    name: 'a disposed subscription is forgotten with its handler',
    run(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const component = message(i);
        watch(component);
        const subscription = hub.on('bar', () => void component);
        hub.publish('bar', component);
        subscription.dispose();
      }
    },
    twin(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const component = message(i);
        watch(component);
        crowdedHub.on('bar', () => void component);
      }
    },
  },
  {
    id: 'C8',
    name: 'a queued handler keeps no message it has handled',
    repetitions: 300,
    async run(n, watch) {
      await using scope = root.child('bus');
      const handler = new QueuedHandler<object>({
        name: 'leaks.bus.handler',
        capacity: 5_000,
        policy: 'fifo',
        scope,
        handle: () => Promise.resolve(),
      });
      for (let i = 0; i < n; i += 1) {
        const item = message(i);
        watch(item);
        handler.push(item);
      }
      for (let turn = 0; handler.busy && turn < n; turn += 1) await clock.run(1);
    },
    twin(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const item = message(i);
        watch(item);
        kept.push(Promise.resolve(item));
      }
    },
  },
  {
    id: 'C1',
    name: 'a timer wheel keeps no deadline that was met or cancelled',
    run(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const connection = message(i);
        watch(connection);
        const timer = wheel.after(500, () => void connection);
        timer.restart(100);
        if (i % 2 === 0) timer.cancel();
        else clock.advance(10);
      }
      clock.advance(1_000);
    },
    // One timer per connection, and nobody cancels it.
    twin(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const connection = message(i);
        watch(connection);
        clock.after(1e12, () => void connection);
      }
    },
  },
  {
    id: 'M8',
    name: 'a deadline heap keeps no item that expired or was cancelled',
    run(n, watch) {
      for (let i = 0; i < n; i += 1) {
        const signal = message(i);
        watch(signal);
        const entry = deadlines.after(50, signal);
        if (i % 2 === 0) entry.cancel();
        else clock.advance(5);
      }
      clock.advance(100);
    },
    // Score and entry do not leave together: the entry is gone, its score stays.
    twin(n) {
      for (let i = 0; i < n; i += 1) {
        deadlines.after(50, message(i)).cancel();
        kept.push({ score: i });
      }
    },
  },
  {
    id: 'C12',
    name: 'a disposed scope is gone with all it owned',
    repetitions: 60,
    // One repetition opens and ends some thirty objects; the smallest of them is larger than this.
    toleranceBytes: 40,
    constructors: [Scope, Ring, BoundedQueue, LruTtlCache, TimerWheel, EventEmitter],
    async run(n, watch) {
      for (let i = 0; i < n; i += 1) await oneOfEach(watch);
    },
    // Left without an end: the parent, the census and the clock keep all of it.
    twin: (() => {
      const wide = new Scope({ name: 'twin', census: new Census(), timers: clock, capacity: 1_000_000 });
      return (n: number, watch: (object: object) => void) => {
        for (let i = 0; i < n; i += 1) {
          const scope = wide.child('connection', { capacity: 16 });
          watch(scope);
          scope.interval(1e12, () => undefined);
        }
      };
    })(),
  },
];
