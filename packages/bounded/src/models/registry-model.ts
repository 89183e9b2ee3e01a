/** A registry in the simplest form, a list in order of use, and random operations on it and on the real one. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { RegistryPolicy } from '../index.ts';
import { type Bounded, type Effort, everySequence } from './random-operations.ts';

interface Operation {
  readonly do: 'open' | 'set' | 'get' | 'drop' | 'dropOther' | 'clear';
  readonly key: string;
}

const CAPACITY = 5;
const operation: fc.Arbitrary<Operation> = fc.record({
  do: fc.constantFrom('open', 'open', 'open', 'open', 'set', 'set', 'get', 'get', 'drop', 'dropOther', 'clear'),
  key: fc.constantFrom(...'abcdefghi'),
});

class Connection implements Disposable {
  ends = 0;

  [Symbol.dispose](): void {
    this.ends += 1;
  }
}

/** Returns the number of operations done. */
export function checkRegistry(bounded: Bounded, policy: RegistryPolicy, effort: Effort): number {
  return everySequence(operation, effort, (operations) => {
    const census = new bounded.Census();
    const registry = new bounded.KeyedRegistry<string, Connection>({ name: 'registry', capacity: CAPACITY, policy, census });
    // Least recently used first.
    let model: { readonly key: string; readonly value: Connection }[] = [];
    const made: Connection[] = [];
    const stranger = new Connection();
    const use = (key: string): Connection | undefined => {
      const known = model.find((entry) => entry.key === key);
      if (known !== undefined && policy === 'leastUsed') model = [...model.filter((entry) => entry !== known), known];
      return known?.value;
    };
    const hasRoom = (): boolean => {
      if (model.length < CAPACITY) return true;
      if (policy === 'leastUsed') model.shift();
      return policy === 'leastUsed';
    };
    const create = (): Connection => {
      const connection = new Connection();
      made.push(connection);
      return connection;
    };
    for (const step of operations) {
      const before = registry.values();
      const keysBefore = before.length;
      if (step.do === 'open') {
        const known = use(step.key);
        const opened = registry.open(step.key, create);
        const expected = known !== undefined || hasRoom();
        assert.equal(opened.ok, expected);
        if (opened.ok && known === undefined) model.push({ key: step.key, value: opened.value });
        if (opened.ok) assert.equal(opened.created, known === undefined);
      } else if (step.do === 'set') {
        const known = model.find((entry) => entry.key === step.key);
        const expected = known !== undefined ? 'replaced' : hasRoom() ? 'added' : 'full';
        const value = new Connection();
        assert.equal(registry.set(step.key, value), expected);
        if (expected !== 'full') {
          made.push(value);
          model = [...model.filter((entry) => entry.key !== step.key), { key: step.key, value }];
        }
      } else if (step.do === 'get') assert.equal(registry.get(step.key), use(step.key));
      else if (step.do === 'dropOther') assert.equal(registry.drop(step.key, stranger), false);
      else if (step.do === 'drop') {
        assert.equal(
          registry.drop(step.key),
          model.some((entry) => entry.key === step.key),
        );
        model = model.filter((entry) => entry.key !== step.key);
      } else {
        registry.clear();
        model = [];
      }
      assert.ok(registry.size <= CAPACITY, `over its bound: ${registry.size}`);
      assert.deepEqual(
        registry.keys(),
        model.map((entry) => entry.key),
      );
      assert.equal(before.length, keysBefore, 'a snapshot never changes under the one who walks it');
    }
    const living = made.filter((connection) => connection.ends === 0);
    assert.deepEqual(new Set(living), new Set(model.map((entry) => entry.value)));
    assert.deepEqual(census.audit(), []);
    registry.dispose();
    assert.ok(
      made.every((connection) => connection.ends === 1),
      'each value ends exactly once',
    );
    assert.equal(stranger.ends, 0);
    assert.equal(census.size, 0);
  });
}
