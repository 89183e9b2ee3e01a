/** Topics in the simplest form, a list of handlers, which come and go also while being published to. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Subscription } from '../index.ts';
import { type Bounded, type Effort, everySequence } from './random-operations.ts';

type Operation =
  | { readonly do: 'on'; readonly topic: string; readonly behaves: 'well' | 'throws' | 'leaves' | 'brings another' }
  | { readonly do: 'publish'; readonly topic: string }
  | { readonly do: 'off'; readonly which: number };

interface Handler {
  readonly id: number;
  readonly topic: string;
}

const LIMIT = 5;
const WARN_AT = 4;
const TOPICS = 3;

const topic = fc.constantFrom('bars', 'quotes', 'facts', 'marks');
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('on' as const),
      topic,
      behaves: fc.constantFrom('well' as const, 'throws' as const, 'leaves' as const, 'brings another' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('publish' as const), topic }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('off' as const), which: fc.nat({ max: 20 }) }) },
);

/** Returns the number of operations done. */
export function checkHub(bounded: Bounded, effort: Effort): number {
  return everySequence(operation, effort, (operations) => {
    const census = new bounded.Census();
    let errors = 0;
    let warnings = 0;
    let expectedWarnings = 0;
    let expectedErrors = 0;
    let expectedCalls = 0;
    let nextId = 0;
    const calls: number[] = [];
    const hub = new bounded.TopicHub<Record<string, number>>({
      name: 'hub',
      capacity: TOPICS,
      handlersPerTopic: LIMIT,
      warnAt: WARN_AT,
      onError: () => (errors += 1),
      onCrowded: () => (warnings += 1),
      census,
    });
    let model: Handler[] = [];
    const subscriptions: { readonly id: number; readonly subscription: Subscription }[] = [];
    const crowded = new Set<string>();
    const on = (name: string): Handler[] => model.filter((handler) => handler.topic === name);
    const note = (name: string): void => {
      if (on(name).length < WARN_AT) crowded.delete(name);
      else if (!crowded.has(name)) {
        crowded.add(name);
        expectedWarnings += 1;
      }
    };
    const off = (id: number): void => {
      const gone = model.find((handler) => handler.id === id);
      model = model.filter((handler) => handler.id !== id);
      if (gone !== undefined) note(gone.topic);
    };
    const subscribe = (name: string, behaves: string): void => {
      const id = nextId;
      nextId += 1;
      const refused =
        on(name).length >= LIMIT || (on(name).length === 0 && new Set(model.map((handler) => handler.topic)).size >= TOPICS);
      const handle = (): void => {
        calls.push(id);
        if (behaves === 'leaves') {
          subscriptions.find((each) => each.id === id)?.subscription.dispose();
          off(id);
        }
        if (behaves === 'brings another') subscribe(name, 'well');
        if (behaves === 'throws') {
          expectedErrors += 1;
          throw new Error('planted');
        }
      };
      try {
        const subscription = hub.on(name, handle);
        assert.equal(refused, false, `${name} took one handler too many`);
        subscriptions.push({ id, subscription });
        model.push({ id, topic: name });
        note(name);
      } catch (error) {
        if (!(error instanceof bounded.BoundedError)) throw error;
        assert.equal(refused, true);
      }
    };
    for (const step of operations) {
      if (step.do === 'on') subscribe(step.topic, step.behaves);
      else if (step.do === 'off') {
        const chosen = subscriptions[step.which % Math.max(1, subscriptions.length)];
        chosen?.subscription.dispose();
        if (chosen !== undefined) off(chosen.id);
      } else {
        const before = on(step.topic).map((handler) => handler.id);
        calls.length = 0;
        const errorsBefore = expectedErrors;
        const reached = hub.publish(step.topic, 1);
        assert.deepEqual(calls, before, 'exactly those there when publishing began, in order');
        assert.equal(reached, before.length - (expectedErrors - errorsBefore));
        expectedCalls += before.length;
      }
      assert.equal(hub.count('bars'), on('bars').length);
      assert.equal(hub.size, new Set(model.map((handler) => handler.topic)).size, 'an empty topic vanishes');
    }
    assert.equal(errors, expectedErrors);
    assert.equal(warnings, expectedWarnings);
    assert.equal(hub.figures().accepted, expectedCalls);
    assert.deepEqual(census.audit(), []);
    hub.dispose();
    assert.equal(census.size, 0);
  });
}
