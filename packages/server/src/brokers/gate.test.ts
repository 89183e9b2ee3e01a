import { Census, Scope } from '@wyckoff/bounded';
import { KILL_SWITCH_OFF } from '@wyckoff/domain';
import { afterAll, describe, expect, test } from 'vitest';
import { ExecutionGate, type GateContext, type GateResult } from './gate.ts';
import { FINE } from '../../../../e2e/venues/bench.ts';
import type { OrderRequest } from './venue-order.ts';

const scope = new Scope({ name: 'gate', census: new Census() });
afterAll(() => scope.dispose());

const REQUEST: OrderRequest = {
  clientId: 'wx1-a', symbol: 'SPY', side: 'BUY', type: 'MARKET', qtyMicros: 10_000_000, limitPrice: null, stopPrice: null, tickSize: 0.01, tif: 'DAY', attached: null,
}; // prettier-ignore

async function ask(
  of: {
    context?: Partial<GateContext>;
    request?: Partial<OrderRequest>;
    connected?: boolean;
    known?: boolean;
    contextOf?: () => Promise<GateContext>;
  } = {},
): Promise<GateResult> {
  const gate = new ExecutionGate(scope, {
    readHalt: async () => KILL_SWITCH_OFF,
    contextOf: of.contextOf ?? (async () => ({ ...FINE, ...of.context })),
    isConnected: () => of.connected ?? true,
    now: () => 1,
  });
  const request = { ...REQUEST, ...of.request };
  return (await gate.opening({ request, signalId: 's', approved: null, known: of.known ?? false })).result;
}
const codes = (result: GateResult): readonly string[] => result.violations.map(({ code }) => code);

describe('7.3 the execution gate', () => {
  test('lets pass what is in order', async () => expect(await ask()).toMatchObject({ allowed: true, violations: [] }));

  test.each([
    ['reservation released', { context: { reservation: { ...FINE.reservation!, state: 'RELEASED' } } }, 'NO_RESERVATION'],
    ['reservation too small by a micro', { context: { needs: { riskMicros: FINE.reservation!.riskMicros + 1, notionalMicros: 0, marginMicros: 0 } } }, 'NO_RESERVATION'],
    ['a halt', { context: { halts: ['DAILY_LOSS'] } }, 'HALTED'],
    ['live, not permitted', { context: { account: { kind: 'LIVE', liveAllowed: false } } }, 'LIVE_NOT_ALLOWED'],
    ['not connected', { connected: false }, 'BROKER_DOWN'],
    ['not traded there', { context: { supported: false } }, 'NO_ROUTE'],
    ['market closed for a market order', { context: { market: { open: false } } }, 'MARKET_CLOSED'],
    ['beside the tick', { request: { type: 'LIMIT', limitPrice: 100.005 } }, 'ORDER_INVALID'],
    ['half a lot', { request: { qtyMicros: 500_000 } }, 'ORDER_INVALID'],
    ['nothing', { request: { qtyMicros: 0 } }, 'ORDER_INVALID'],
    ['too valuable by a micro', { context: { orderValueLimitMicros: 999_999_999 } }, 'ORDER_INVALID'],
    ['its id works already', { known: true }, 'DUPLICATE'],
    ['a limit exceeded by a micro', { context: { limits: [{ code: 'RK_HEAT', valueMicros: 3, limitMicros: 2 }] } }, 'RK_HEAT'],
    ['a limit that is not known', { context: { limits: [{ code: 'RK_HEAT', valueMicros: 1, limitMicros: null }] } }, 'RK_HEAT'],
  ] as const)('%s', async (_, of, code) => expect(codes(await ask(of))).toEqual([code])); // prettier-ignore

  test('exactly a limit passes; a waiting order may stand before a closed market', async () => {
    expect((await ask({ context: { orderValueLimitMicros: 1_000_000_000, limits: [{ code: 'RK_HEAT', valueMicros: 2, limitMicros: 2 }] } })).allowed).toBe(true);
    expect((await ask({ context: { market: { open: false } }, request: { type: 'LIMIT', limitPrice: 100 } })).allowed).toBe(true);
  }); // prettier-ignore

  test.each(Object.keys(FINE) as (keyof GateContext)[])('TR-10 %s that cannot be known refuses', async (field) => {
    expect((await ask({ context: { [field]: null } })).allowed).toBe(false);
  });

  test('a context that cannot be read refuses; so does an approval nobody gave', async () => {
    expect(codes(await ask({ contextOf: () => Promise.reject(new Error('store gone')) }))).toEqual(['RK_CONTEXT']);
    const gate = new ExecutionGate(scope, { readHalt: async () => KILL_SWITCH_OFF, contextOf: async () => FINE, isConnected: () => true, now: () => 1 });
    const forged = { terms: {} } as never;
    expect(codes((await gate.opening({ request: REQUEST, signalId: 's', approved: forged, known: false })).result)).toEqual(['ORDER_INVALID']);
  }); // prettier-ignore

  test('closing needs a position, a quantity within it and a connection, and nothing else', async () => {
    const gate = (connected: boolean): ExecutionGate =>
      new ExecutionGate(scope, { readHalt: () => Promise.reject(new Error('gone')), contextOf: () => Promise.reject(new Error('gone')), isConnected: () => connected, now: () => 1 }); // prettier-ignore
    expect(gate(true).closing(REQUEST, 10_000_000).ok).toBe(true);
    expect(codes(gate(true).closing(REQUEST, 9_999_999).result)).toEqual(['ORDER_INVALID']);
    expect(codes(gate(true).closing(REQUEST, 0).result)).toEqual(['NO_POSITION']);
    expect(codes(gate(false).closing(REQUEST, 10_000_000).result)).toEqual(['BROKER_DOWN']);
  });
});
