/** Announcements never flood the one who listens. */
import { Census, Scope } from '@wyckoff/bounded';
import { describe, expect, it } from 'vitest';
import { VirtualTimers } from '../testing/virtual-timers.ts';
import { Announcer } from './announcer.ts';

describe('web 10 live regions', () => {
  it('speak at most once in 3 s and sum up what came meanwhile', async () => {
    const timers = new VirtualTimers();
    const announcer = new Announcer(new Scope({ name: 'web', timers, census: new Census() }));
    announcer.say('one');
    announcer.say('two');
    announcer.say('three');
    expect(announcer.polite.value).toBe('one');
    await timers.advance(2_999);
    expect(announcer.polite.value).toBe('one');
    await timers.advance(1);
    expect(announcer.polite.value).toBe('2 news, the last: three');
    announcer.say('four');
    await timers.advance(3_000);
    expect(announcer.polite.value).toBe('four');
    await timers.advance(10_000);
    expect(timers.waiting).toBe(0);
  });
});
