import { describe, expect, it } from 'vitest';
import type { Notice, NotificationType, Priority } from './notification.ts';
import { MAX_BODY, MAX_TITLE, notificationOf, PRIORITY_OF } from './notification.ts';
import { isQuiet } from './quiet-hours.ts';
import { channelsFor } from './routing.ts';
import { notificationSettings } from './settings.ts';

const on = { enabled: true };
const all = notificationSettings.parse({ email: on, webhook: on, telegram: on });
const noon = Date.parse('2026-06-01T16:00:00Z');

function notice(type: NotificationType, confidence?: number): Notice {
  return { type, key: 'k', title: 't', body: 'b', data: {}, ...(confidence === undefined ? {} : { confidence }) };
}

/** The table of section 10, word for word. */
const TABLE: Readonly<Record<Priority, readonly NotificationType[]>> = {
  INFO: ['signal_created', 'queue_expiring', 'order_filled', 'position_closed'],
  WARNING: ['order_rejected', 'risk_warning', 'data_stale', 'provider_down', 'job_failed'],
  CRITICAL: ['emergency_exit', 'risk_breached', 'halt', 'kill_switch', 'reconciliation', 'protection_failed'],
};

describe('trading 10: routing', () => {
  it('trading-10 every type has the priority of the table, and goes where its priority goes', () => {
    const rows = Object.entries(TABLE).flatMap(([priority, types]) => types.map((type) => [type, priority]));
    expect(Object.fromEntries(rows)).toEqual(PRIORITY_OF);
    const channels = { INFO: [], WARNING: ['email'], CRITICAL: ['email', 'webhook', 'telegram'] };
    for (const [priority, types] of Object.entries(TABLE) as [Priority, NotificationType[]][])
      for (const type of types) expect([type, channelsFor(notice(type), all, noon)]).toEqual([type, channels[priority]]);
  });

  it.each([
    ['order_filled', []],
    ['position_closed', []],
    ['risk_warning', ['email']],
    ['order_rejected', ['email']],
    ['kill_switch', ['email', 'webhook', 'telegram']],
    ['protection_failed', ['email', 'webhook', 'telegram']],
  ] as const)('trading-10 %s goes to %j', (type, channels) => {
    expect(channelsFor(notice(type), all, noon)).toEqual(channels);
  });

  it('trading-10 signals are mailed from grade A on, all of them when wanted', () => {
    expect(channelsFor(notice('signal_created', 84), all, noon)).toEqual([]);
    expect(channelsFor(notice('signal_created', 85), all, noon)).toEqual(['email']);
    const every = notificationSettings.parse({ email: { enabled: true, allSignals: true } });
    expect(channelsFor(notice('signal_created', 84), every, noon)).toEqual(['email']);
  });

  it('trading-10 only what is switched on is used', () => {
    expect(channelsFor(notice('halt'), notificationSettings.parse({ telegram: on }), noon)).toEqual(['telegram']);
    expect(channelsFor(notice('halt'), notificationSettings.parse({}), noon)).toEqual([]);
  });

  it('trading-10 quiet hours hold back warnings, not the critical', () => {
    const quiet = { ...all, quietHours: { enabled: true, from: '22:00', to: '08:00' } };
    const night = Date.parse('2026-06-01T03:00:00Z');
    expect(channelsFor(notice('risk_warning'), quiet, night)).toEqual([]);
    expect(channelsFor(notice('halt'), quiet, night)).toEqual(['email', 'webhook', 'telegram']);
    expect(channelsFor(notice('risk_warning'), quiet, noon)).toEqual(['email']);
  });

  it.each([
    ['2026-06-01T02:00:00Z', true],
    ['2026-06-01T01:59:59Z', false],
    ['2026-06-01T11:59:59Z', true],
    ['2026-06-01T12:00:00Z', false],
    // Winter: New York is five hours behind.
    ['2026-12-01T02:30:00Z', false],
    ['2026-12-01T03:00:00Z', true],
  ])('trading-10 quiet from 22:00 to 08:00 New York: %s %s', (at, quiet) => {
    expect(isQuiet({ enabled: true, from: '22:00', to: '08:00' }, Date.parse(at))).toBe(quiet);
  });

  it('trading-10 titles end at 200 characters, messages at 1,000', () => {
    const long = notificationOf({ ...notice('halt'), title: 'x'.repeat(500), body: 'y'.repeat(5_000) }, 'id', 0);
    expect(long.title).toHaveLength(MAX_TITLE);
    expect(long.body).toHaveLength(MAX_BODY);
    expect(long.title.endsWith('…')).toBe(true);
  });
});
