/** The wire and the domain speak of the same things: a fact of the engine is a message of the contract, field by field. */
import type { Account, DetectionEvent, Fact, Order, Position, Signal } from '@wyckoff/domain';
import { describe, expectTypeOf, it } from 'vitest';
import type { AccountWire, DetectionEventWire, FactRow, OrderWire, PositionWire, SignalWire } from './index.ts';

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
    expectTypeOf<Fact['kind']>().toEqualTypeOf<FactRow['type']>();
  });
});
