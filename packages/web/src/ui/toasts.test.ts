/** L5: the corner never holds more than five toasts and takes three per ten seconds, whatever happens. */
import { Census, Scope } from '@wyckoff/bounded';
import { describe, expect, it } from 'vitest';
import { VirtualTimers } from '../testing/virtual-timers.ts';
import { type ToastText, Toasts } from './toasts.ts';

const toast = (id: number, priority: ToastText['priority'] = 'INFO'): ToastText => ({
  id: String(id),
  priority,
  title: 't',
  body: 'b',
});

function open() {
  const timers = new VirtualTimers();
  const scope = new Scope({ name: 'web', timers, census: new Census() });
  return { timers, scope, toasts: new Toasts(scope) };
}

describe('L5 toasts', () => {
  it('L5 of 1,000 at once three are shown, the rest are counted, and all are gone after their time', async () => {
    const { timers, toasts } = open();
    for (let i = 0; i < 1_000; i += 1) toasts.show(toast(i));
    expect(toasts.shown.value).toHaveLength(3);
    expect(toasts.hidden.value).toBe(997);
    await timers.advance(5_000);
    expect(toasts.shown.value).toEqual([]);
    expect(timers.waiting).toBe(0);
  });

  it('L5 in any ten seconds at most three come, also across the turn of a window, and never more than five stand', async () => {
    const { timers, toasts } = open();
    const cameAt = new Map<string, number>();
    for (let i = 0; i < 300; i += 1) {
      toasts.show(toast(i, i % 4 === 0 ? 'CRITICAL' : 'WARNING'));
      for (const one of toasts.shown.value) if (!cameAt.has(one.id)) cameAt.set(one.id, timers.now());
      expect(toasts.shown.value.length).toBeLessThanOrEqual(5);
      await timers.advance(700);
    }
    const times = [...cameAt.values()];
    // A time is seen up to one step late.
    expect(times.every((time, i) => i < 3 || time - times[i - 3] >= 10_000 - 700)).toBe(true);
  });

  it('L5 a critical one waits for its turn, is not lost, and stays until it is dismissed', async () => {
    const { timers, toasts } = open();
    for (let i = 0; i < 3; i += 1) toasts.show(toast(i));
    for (let i = 10; i < 12; i += 1) toasts.show(toast(i, 'CRITICAL'));
    expect(toasts.shown.value.map((one) => one.id)).toEqual(['0', '1', '2']);
    await timers.advance(10_000);
    expect(toasts.shown.value.map((one) => one.id)).toEqual(['10', '11']);
    await timers.advance(86_400_000);
    expect(toasts.shown.value).toHaveLength(2);
    toasts.dismiss('10');
    expect(toasts.shown.value.map((one) => one.id)).toEqual(['11']);
  });

  it('L2 ends with the session: nothing stands and no timer waits', async () => {
    const { timers, scope, toasts } = open();
    for (let i = 0; i < 5; i += 1) toasts.show(toast(i, 'CRITICAL'));
    await scope.dispose();
    expect(toasts.shown.value).toEqual([]);
    expect(timers.waiting).toBe(0);
  });
});
