/** C2: what is sent is bounded, loss-free and in order. */
import { Census, Scope } from '@wyckoff/bounded';
import type { ClientOp } from '@wyckoff/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualTimers } from '../testing/virtual-timers.ts';
import { Outgoing } from './outgoing.ts';

const op = (n: number): ClientOp => ({ op: 'subscribe', topics: [`quotes:S${String(n)}`] });
const numberOf = (one: ClientOp): number => (one.op === 'subscribe' ? Number(one.topics[0].slice('quotes:S'.length)) : -1);

function open(send: (ops: readonly ClientOp[]) => boolean) {
  const timers = new VirtualTimers();
  const scope = new Scope({ name: 'web', timers, census: new Census() });
  return { timers, scope, outgoing: new Outgoing({ scope, send }) };
}

describe('C2 outgoing', () => {
  it('C2 a send that fails anywhere loses and reorders nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.array(fc.boolean(), { maxLength: 40 }), async (count, fates) => {
        const arrived: number[] = [];
        const left = [...fates];
        const { outgoing, timers } = open((ops) => {
          if (left.shift() === false) return false;
          arrived.push(...ops.map(numberOf));
          return true;
        });
        for (let n = 0; n < count; n += 1) outgoing.push(op(n));
        for (let tries = 0; tries < 60; tries += 1) {
          outgoing.flush();
          await timers.advance(1_000);
        }
        expect(arrived).toEqual(Array.from({ length: count }, (_, n) => n));
        expect(outgoing.queue.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('C2 5,000 messages over 10 reconnects: never over 1,000 or 2 MiB, the drops are counted, the rest arrives in order', async () => {
    let up = false;
    const arrived: number[] = [];
    const { outgoing, timers } = open((ops) => {
      if (!up) return false;
      arrived.push(...ops.map(numberOf));
      return true;
    });
    for (let round = 0; round < 10; round += 1) {
      up = false;
      for (let n = 0; n < 500; n += 1) outgoing.push(op(round * 500 + n));
      expect(outgoing.queue.size).toBeLessThanOrEqual(1_000);
      expect(outgoing.queue.bytes).toBeLessThanOrEqual(2 * 1024 * 1024);
      up = true;
      outgoing.flush();
      await timers.advance(5_000);
    }
    expect(arrived.length + outgoing.queue.dropped).toBe(5_000);
    expect(arrived).toEqual([...arrived].sort((a, b) => a - b));
  });

  it('C2 frames hold at most 50 ops and 4 KiB and stay within 20 a second', async () => {
    const frames: { at: number; ops: number; bytes: number }[] = [];
    const { outgoing, timers } = open((ops) => {
      frames.push({ at: timers.now(), ops: ops.length, bytes: JSON.stringify(ops).length });
      return true;
    });
    outgoing.halt();
    let hold = true;
    const slow = open((ops) => !hold && ops.length > 0);
    for (let n = 0; n < 1_000; n += 1) slow.outgoing.push(op(n));
    hold = false;
    for (let n = 0; n < 400; n += 1) {
      outgoing.push(op(n));
      if (n % 40 === 0) await timers.advance(100);
    }
    await timers.advance(60_000);
    expect(Math.max(...frames.map((frame) => frame.ops))).toBeLessThanOrEqual(50);
    expect(Math.max(...frames.map((frame) => frame.bytes))).toBeLessThanOrEqual(4_096);
    for (const first of frames) {
      const inSecond = frames.filter((frame) => frame.at >= first.at && frame.at < first.at + 1_000).length;
      expect(inSecond).toBeLessThanOrEqual(36 + 20);
    }
    expect(frames.reduce((sum, frame) => sum + frame.ops, 0)).toBe(400);
  });
});
