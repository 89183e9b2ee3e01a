/** A clock for tests that cannot be held at one instant for ever. */
import { expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

it('memory 4 a timer that sets itself again without a delay is told instead of hanging the test; many at one instant are none', () => {
  const clock = new VirtualClock();
  let ran = 0;
  for (let i = 0; i < 50_000; i += 1) clock.after(10, () => (ran += 1));
  clock.advance(10);
  expect(ran).toBe(50_000);
  const again = (): void => void clock.after(0, again);
  again();
  expect(() => clock.advance(1)).toThrow('virtual clock: expected time to go on, was 100000 timers at 10 ms');
});
