/** Primary, fallbacks, breaker: who is asked, who is spared, and who gave which bars. */
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { appendBar, createBarColumns, type BarColumns } from '@wyckoff/domain';
import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../venue/circuit-breaker.ts';
import type { HistoryPage, HistoryProvider, HistoryRequest } from '../contract/history.ts';
import { ProviderFault } from '../contract/provider-fault.ts';
import { ProviderChain } from './provider-chain.ts';

const MINUTE = 60_000;

function rows(from: number, to: number): BarColumns {
  const columns = createBarColumns(to - from);
  for (let n = from; n < to; n += 1) appendBar(columns, { time: n * MINUTE, open: 1, high: 1, low: 1, close: 1, volume: 1 });
  return columns;
}

/** Pages of two bars, and a fault after some of them. */
class Paged implements HistoryProvider {
  readonly timeframes = ['1m'] as const;
  readonly name: string;
  failAfter: number;
  asked = 0;
  closed = false;

  constructor(name: string, failAfter = Infinity) {
    this.name = name;
    this.failAfter = failAfter;
  }

  async *pages({ from, to }: HistoryRequest): AsyncIterableIterator<HistoryPage> {
    this.asked += 1;
    let pages = 0;
    for (let n = Math.ceil(from / MINUTE); n < to / MINUTE; n += 2) {
      if (pages++ >= this.failAfter) throw new ProviderFault('DATA_UNAVAILABLE', `${this.name} is down`);
      yield await Promise.resolve({ columns: rows(n, Math.min(n + 2, to / MINUTE)) });
    }
    if (pages >= this.failAfter) throw new ProviderFault('DATA_UNAVAILABLE', `${this.name} is down`);
  }

  async close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

async function read(chain: ProviderChain, to = 10): Promise<{ provider: string | undefined; times: number[] }[]> {
  const pages: { provider: string | undefined; times: number[] }[] = [];
  for await (const { columns, provider } of chain.pages({ symbol: 'X', timeframe: '1m', from: 0, to: to * MINUTE })) {
    pages.push({ provider, times: [...columns.time].map((time) => time / MINUTE) });
  }
  return pages;
}

describe('9.1 the chain of providers', () => {
  it('the primary is enough; a fallback goes on where the primary failed, and each page says who gave it', async () => {
    const [a, b] = [new Paged('a'), new Paged('b')];
    const clock = new VirtualClock();
    const fallbacks: string[] = [];
    const chain = new ProviderChain({ providers: [a, b], clock, onFallback: (from) => fallbacks.push(from) });
    expect((await read(chain)).map(({ provider }) => provider)).toEqual(['a', 'a', 'a', 'a', 'a']);
    expect(b.asked).toBe(0);
    a.failAfter = 2;
    const mixed = await read(chain);
    expect(mixed.map(({ provider }) => provider)).toEqual(['a', 'a', 'b', 'b', 'b']);
    expect(mixed.flatMap(({ times }) => times)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(fallbacks).toEqual(['a']);
    await chain.close();
    expect([a.closed, b.closed]).toEqual([true, true]);
  });

  it('all of them down is DATA_UNAVAILABLE with every reason; five failures spare a provider for a minute, then one trial', async () => {
    const [a, b] = [new Paged('a', 0), new Paged('b', 0)];
    const clock = new VirtualClock();
    const chain = new ProviderChain({ providers: [a, b], clock });
    for (let n = 0; n < 5; n += 1) await expect(read(chain)).rejects.toThrow(/DATA_UNAVAILABLE.*a is down.*b is down/);
    await expect(read(chain)).rejects.toThrow(/a: paused after failures/);
    expect(a.asked).toBe(5);
    clock.advance(60_000);
    a.failAfter = Infinity;
    expect(await read(chain)).toHaveLength(5);
    expect(a.asked).toBe(6);
  });
});

describe('1.2 the breaker', () => {
  it('opens at the fifth failure within a minute, not at five in more than one', () => {
    const clock = new VirtualClock();
    const slow = new CircuitBreaker({ clock });
    for (let n = 0; n < 20; n += 1) {
      slow.failed();
      clock.advance(15_001);
    }
    expect(slow.state).toBe('CLOSED');
    const fast = new CircuitBreaker({ clock });
    for (let n = 0; n < 4; n += 1) fast.failed();
    expect(fast.admits()).toBe(true);
    fast.failed();
    expect([fast.state, fast.admits()]).toEqual(['OPEN', false]);
  });

  it('one trial after a minute: a failure opens it again, a success closes it', () => {
    const clock = new VirtualClock();
    const breaker = new CircuitBreaker({ clock });
    for (let n = 0; n < 5; n += 1) breaker.failed();
    clock.advance(60_000);
    expect([breaker.state, breaker.admits(), breaker.admits()]).toEqual(['TRIAL', true, false]);
    breaker.failed();
    expect(breaker.admits()).toBe(false);
    clock.advance(60_000);
    expect(breaker.admits()).toBe(true);
    breaker.abandoned();
    expect(breaker.admits()).toBe(true);
    breaker.succeeded();
    expect([breaker.state, breaker.admits(), breaker.admits()]).toEqual(['CLOSED', true, true]);
  });
});
