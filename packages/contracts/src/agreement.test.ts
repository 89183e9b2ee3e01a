/** The wire and the domain speak of the same things: a fact of the engine is a message of the contract, field by field. */
import type { Account, CostProfile, DetectionEvent, Fact, FactKind, Order, Position, Signal, TOPIC_OF } from '@wyckoff/domain';
import { describe, expectTypeOf, it } from 'vitest';
import type {
  AccountWire,
  DetectionEventWire,
  FactRow,
  INNER_TOPICS,
  OrderWire,
  PaperCosts,
  PositionWire,
  SignalWire,
} from './index.ts';

/** Stored, never told on the stream. */
type InnerKind = { [K in FactKind]: (typeof TOPIC_OF)[K] extends (typeof INNER_TOPICS)[number] ? K : never }[FactKind];

type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

describe('contracts agree with the domain', () => {
  it('interface 1.1 entities have the same fields in domain and wire', () => {
    expectTypeOf<Signal>().toExtend<DeepReadonly<SignalWire>>();
    expectTypeOf<Order>().toExtend<DeepReadonly<OrderWire>>();
    expectTypeOf<Position>().toExtend<DeepReadonly<PositionWire>>();
    expectTypeOf<Account>().toExtend<DeepReadonly<AccountWire>>();
    expectTypeOf<keyof DetectionEvent>().toEqualTypeOf<keyof DetectionEventWire>();
    expectTypeOf<Exclude<Fact['kind'], InnerKind>>().toExtend<FactRow['type']>();
  });

  it('8.1 a paper account may have every cost model but the one without costs', () => {
    expectTypeOf<PaperCosts | 'zero'>().toEqualTypeOf<CostProfile>();
  });
});
