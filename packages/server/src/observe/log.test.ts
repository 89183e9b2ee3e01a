/** The log tells much about little and nothing about secrets (L4). */
import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { describe, expect, it } from 'vitest';
import { type Log, RepeatedErrors } from './log.ts';

class Lines implements Log {
  readonly lines: object[] = [];
  debug(): void {
    // Not looked at here.
  }
  info(): void {
    // Not looked at here.
  }
  warn(): void {
    // Not looked at here.
  }
  error(fields: object): void {
    this.lines.push(fields);
  }
}

describe('log', () => {
  it('L4 one line per repeated error per 10 s, with the count of those left out', async () => {
    const clock = new VirtualClock();
    const scope = new Scope({ name: 'test', census: new Census(), timers: clock });
    const lines = new Lines();
    const errors = new RepeatedErrors(lines, { scope, clock });
    for (let i = 0; i < 1_000; i += 1) errors.error({ err: new Error('broken pipe') }, 'feed');
    errors.error({ err: new Error('another') }, 'feed');
    expect(lines.lines.length).toBe(2);
    clock.advance(10_001);
    errors.error({ err: new Error('broken pipe') }, 'feed');
    expect(lines.lines.at(-1)).toMatchObject({ repeated: 999 });
    await scope.dispose();
  });

  it('L4 ten thousand different errors are remembered within a bound', async () => {
    const clock = new VirtualClock();
    const scope = new Scope({ name: 'test', census: new Census(), timers: clock });
    const errors = new RepeatedErrors(new Lines(), { scope, clock });
    for (let i = 0; i < 10_000; i += 1) errors.error({ err: new Error(`error ${i}`) }, 'feed');
    expect(scope.census.row('server.log.repeated')?.size).toBe(200);
    await scope.dispose();
  });
});
