/** The twins of the model tests: each mechanism is taken out of the source in turn, and the model test must go red. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { checkCache } from './models/cache-model.ts';
import { checkCounter } from './models/counter-model.ts';
import { checkHeap, checkWheel } from './models/deadlines-model.ts';
import { checkDrain } from './models/drain-model.ts';
import { checkHub } from './models/hub-model.ts';
import { checkQueue } from './models/queue-model.ts';
import type { Bounded } from './models/random-operations.ts';
import { checkRegistry } from './models/registry-model.ts';
import { checkRing } from './models/ring-model.ts';
import { checkScope } from './models/scope-model.ts';

interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly without: string;
  readonly instead: string;
  readonly check: (bounded: Bounded) => number | Promise<number>;
}

const fifo = (bounded: Bounded): number => checkQueue(bounded, 'fifo', 'brief');
const priority = (bounded: Bounded): number => checkQueue(bounded, 'priority', 'brief');

const mutants: readonly Mutant[] = [
  {
    name: 'a ring without its bound on entries',
    file: 'ring.ts',
    without: 'while (this.size >= this.#capacity || (',
    instead: 'while ((',
    check: (bounded) => checkRing(bounded, 'brief'),
  },
  {
    name: 'a ring without its bound on bytes',
    file: 'ring.ts',
    without: 'this.#bytes + bytes > this.#maxBytes',
    instead: 'false',
    check: (bounded) => checkRing(bounded, 'brief'),
  },
  {
    name: 'a ring that does not book what it overwrites',
    file: 'ring.ts',
    without: 'this.ledger.drop(reason);\n    this.#bytes',
    instead: 'this.#bytes',
    check: (bounded) => checkRing(bounded, 'brief'),
  },
  {
    name: 'C2 a queue without its bound on entries',
    file: 'bounded-queue.ts',
    without: "if (size <= this.capacity && total <= this.#maxBytes) return 'queued';",
    instead: "if (total <= this.#maxBytes) return 'queued';",
    check: fifo,
  },
  {
    name: 'C2 a queue without its bound on bytes',
    file: 'bounded-queue.ts',
    without: "if (size <= this.capacity && total <= this.#maxBytes) return 'queued';",
    instead: "if (size <= this.capacity) return 'queued';",
    check: fifo,
  },
  {
    name: 'C2 a queue that warns per message',
    file: 'bounded-queue.ts',
    without: 'if (!this.#pressed || wasPressed) return;',
    instead: 'if (!this.#pressed) return;',
    check: fifo,
  },
  {
    name: 'C2 a priority queue that drops the highest',
    file: 'bounded-queue.ts',
    without: 'a.priority < b.priority',
    instead: 'a.priority > b.priority',
    check: priority,
  },
  {
    name: 'C2 a queue that overflows what is in flight',
    file: 'bounded-queue.ts',
    without: 'if (!entry.inFlight && entry !== except) yield entry;',
    instead: 'if (entry !== except) yield entry;',
    check: fifo,
  },
  {
    name: 'C2 a queue without the books of what it lost',
    file: 'bounded-queue.ts',
    without: 'this.ledger.drop(reason);\n      this.#unlink(entry);\n    }\n  }\n\n  #dropWhere',
    instead: 'this.#unlink(entry);\n    }\n  }\n\n  #dropWhere',
    check: fifo,
  },
  {
    name: 'C2 a flush that acknowledges before it sends',
    file: 'drain.ts',
    without: 'try {\n    const answer = send();',
    instead: 'batch.acknowledge(1);\n  try {\n    const answer = send();',
    check: (bounded) => checkDrain(bounded, 'brief'),
  },
  {
    name: 'C2 a flush that puts what is left behind what came meanwhile',
    file: 'queue-batch.ts',
    without: 'for (const entry of this.#entries.slice(this.#settled)) this.#desk.giveBack(entry);',
    instead: "for (const entry of this.#entries.slice(this.#settled)) this.#desk.drop(entry, 'failed');",
    check: (bounded) => checkDrain(bounded, 'brief'),
  },
  {
    name: 'C7 a cache without its bound on entries',
    file: 'lru-ttl-cache.ts',
    without: 'max: options.capacity,',
    instead: 'max: 1_000,',
    check: (bounded) => checkCache(bounded, 'brief'),
  },
  {
    name: 'C7 a cache without its bound on bytes',
    file: 'lru-ttl-cache.ts',
    without: 'maxSize: maxBytes ?? Number.MAX_SAFE_INTEGER,',
    instead: 'maxSize: Number.MAX_SAFE_INTEGER,',
    check: (bounded) => checkCache(bounded, 'brief'),
  },
  {
    name: 'C7 a cache whose entries at time 0 never age',
    file: 'lru-ttl-cache.ts',
    without: 'clock.now() + 1',
    instead: 'clock.now()',
    check: (bounded) => checkCache(bounded, 'brief'),
  },
  {
    name: 'M2 a counter that forgets nothing',
    file: 'rolling-counter.ts',
    without: 'this.#total -= count;\n    this.#counts[slot] = 0;',
    instead: '',
    check: (bounded) => checkCounter(bounded, 'brief'),
  },
  {
    name: 'M12 a registry without its cap',
    file: 'keyed-registry.ts',
    without: 'return this.#values.size + this.#closing.size < this.capacity;',
    instead: 'return true;',
    check: (bounded) => checkRegistry(bounded, 'refuse', 'brief'),
  },
  {
    name: 'C1 a registry that removes a replaced value a second time',
    file: 'keyed-registry.ts',
    without: '(only !== undefined && only !== value)',
    instead: 'false',
    check: (bounded) => checkRegistry(bounded, 'leastUsed', 'brief'),
  },
  {
    name: 'M12 a registry that forgets to end what it drops',
    file: 'keyed-registry.ts',
    without: 'this.#end(value, key, reason);\n  }\n\n  #endAll',
    instead: '}\n\n  #endAll',
    check: (bounded) => checkRegistry(bounded, 'refuse', 'brief'),
  },
  {
    name: 'C1 a wheel that fires early',
    file: 'timer-wheel.ts',
    without: 'Math.ceil(dueMs / this.tickMs)',
    instead: 'Math.floor(dueMs / this.tickMs)',
    check: (bounded) => checkWheel(bounded, 'brief'),
  },
  {
    name: 'C1 a wheel that forgets how often a deadline goes round',
    file: 'timer-wheel.ts',
    without: 'this.#link(entry, entry.dueTick % this.#spokes.length);',
    instead:
      'entry.dueTick = Math.min(entry.dueTick, this.#tick + this.#spokes.length); this.#link(entry, entry.dueTick % this.#spokes.length);',
    check: (bounded) => checkWheel(bounded, 'brief'),
  },
  {
    name: 'C1 a wheel with a timer when empty',
    file: 'timer-wheel.ts',
    without: 'this.#cancelTick?.();',
    instead: '',
    check: (bounded) => checkWheel(bounded, 'brief'),
  },
  {
    name: 'M8 a heap without its bound',
    file: 'deadline-heap.ts',
    without: 'if (this.size >= this.capacity) this.#makeRoom();',
    instead: '',
    check: (bounded) => checkHeap(bounded, 'brief'),
  },
  {
    name: 'M8 a heap that keeps the timer of a cancelled deadline',
    file: 'deadline-heap.ts',
    without: "this.ledger.drop('removed');\n    this.#arm();",
    instead: "this.ledger.drop('removed');",
    check: (bounded) => checkHeap(bounded, 'brief'),
  },
  {
    name: 'C3 a hub without its limit of handlers',
    file: 'topic-hub.ts',
    without: 'if (topic.handlers.size >= this.#limit) throw new TopicFullError(name, this.#limit);',
    instead: '',
    check: (bounded) => checkHub(bounded, 'brief'),
  },
  {
    name: 'C8 a hub that publishes to the living set',
    file: 'topic-hub.ts',
    without: 'known.snapshot ??= [...known.handlers];',
    instead: 'known.snapshot = known.handlers as never;',
    check: (bounded) => checkHub(bounded, 'brief'),
  },
  {
    name: 'C8 a hub where one throwing handler ends the delivery',
    file: 'topic-hub.ts',
    without: 'this.#options.onError?.(error, topic);\n      return false;',
    instead: 'throw error;',
    check: (bounded) => checkHub(bounded, 'brief'),
  },
  {
    name: 'C3 a hub whose empty topics stay',
    file: 'topic-hub.ts',
    without: 'if (topic.handlers.size === 0) this.#topics.delete(name);',
    instead: '',
    check: (bounded) => checkHub(bounded, 'brief'),
  },
  {
    name: 'C12 a scope without its bound',
    file: 'scope.ts',
    without: 'if (this.#size >= this.#capacity) throw',
    instead: 'if (false) throw',
    check: (bounded) => checkScope(bounded, 'brief'),
  },
  {
    name: 'C12 a scope that releases the oldest first',
    file: 'scope.ts',
    without: 'for (let holding = this.#last; holding !== undefined; holding = this.#last) {',
    instead: 'for (let holding = this.#first; holding !== undefined; holding = this.#first) {',
    check: (bounded) => checkScope(bounded, 'brief'),
  },
  {
    name: 'C12 a scope that does not tell its tasks to stop',
    file: 'scope.ts',
    without: 'holding.task?.controller.abort(reason);',
    instead: 'void holding;',
    check: async (bounded) => {
      // Each task is still aborted in its turn; without the round before, all others would wait for a slow one.
      const { VirtualClock } = await import('./leak-kit/virtual-clock.ts');
      const clock = new VirtualClock();
      const scope = new bounded.Scope({ name: 'root', census: new bounded.Census(), timers: clock });
      const told: string[] = [];
      for (const name of ['first', 'second']) {
        scope.task(name, (signal) => new Promise<void>(() => signal.addEventListener('abort', () => told.push(name))));
      }
      await clock.run(0);
      void scope.dispose();
      expect(told).toEqual(['first', 'second']);
      return 1;
    },
  },
  {
    name: 'L2 a scope that forgets its listeners',
    file: 'event-source.ts',
    without: 'source.removeEventListener(event, own)',
    instead: 'undefined',
    check: (bounded) => checkScope(bounded, 'brief'),
  },
  {
    name: 'L2 a scope that forgets its intervals',
    file: 'scope.ts',
    without: 'release: () => cancel() });',
    instead: 'release: () => undefined });',
    check: (bounded) => checkScope(bounded, 'brief'),
  },
  {
    name: 'a structure that stays in the census after its end',
    file: 'structure.ts',
    without: 'this.#leave();',
    instead: '',
    check: (bounded) => checkRing(bounded, 'brief'),
  },
];

test.each(mutants)('red without the mechanism: $name', async (mutant) => {
  const broken = await withMutation(mutant);
  await expect((async () => mutant.check(broken))()).rejects.toThrow();
});

/** The package with one passage of one file replaced. @throws Error when the passage is not there exactly once: the mutant is out of date. */
async function withMutation(mutant: Mutant): Promise<Bounded> {
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL('./index.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutation',
        setup(building) {
          building.onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const source = readFileSync(path, 'utf8');
            return { loader: 'ts', contents: basename(path) === mutant.file ? mutate(source, mutant) : source };
          });
        },
      },
    ],
  });
  const code = bundle.outputFiles[0]?.contents;
  if (code === undefined) throw new Error(`expected a bundle for ${mutant.name}, was none`);
  return (await import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)) as Bounded;
}

function mutate(source: string, mutant: Mutant): string {
  const parts = source.split(mutant.without);
  if (parts.length === 2) return parts.join(mutant.instead);
  throw new Error(
    `${mutant.file}: expected the passage of "${mutant.name}" once, was ${parts.length - 1} times; bring the mutant up to date`,
  );
}
