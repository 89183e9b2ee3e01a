/** The kill switch moves along its table, refuses to be resumed lightly, and is STOP whenever nobody knows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IllegalTransition } from '../setup/illegal-transition.ts';
import {
  HALT_LEVELS,
  HALT_TRANSITIONS,
  KILL_SWITCH_OFF,
  activate,
  advanceHalt,
  allowsOpening,
  readKillSwitch,
  resume,
  withResults,
  type KillSwitch,
} from './kill-switch.ts';

const stop = activate(KILL_SWITCH_OFF, { level: 'STOP', activationId: 'a-1', actor: 'ann', reason: 'news', at: 1 });
const flat = activate(stop, { level: 'FLATTEN', activationId: 'a-2', actor: 'ann', reason: 'worse news', at: 2 });
const by = { actor: 'ann', isAdmin: false, steppedUp: true, reason: 'all is well', at: 9, acknowledged: [] as readonly string[] };

type Step =
  | { readonly kind: 'activate'; readonly level: 'STOP' | 'FLATTEN'; readonly actor: string }
  | {
      readonly kind: 'resume';
      readonly actor: string;
      readonly isAdmin: boolean;
      readonly steppedUp: boolean;
      readonly reason: string;
    };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('activate' as const),
    level: fc.constantFrom('STOP' as const, 'FLATTEN' as const),
    actor: fc.constantFrom('ann', 'bob'),
  }),
  fc.record({
    kind: fc.constant('resume' as const),
    actor: fc.constantFrom('ann', 'bob'),
    isAdmin: fc.boolean(),
    steppedUp: fc.boolean(),
    reason: fc.constantFrom('', 'fine'),
  }),
);

describe('7.6 kill switch', () => {
  it('TR-7 moves along its table only, over 10,000 random sequences', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let kill: KillSwitch = KILL_SWITCH_OFF;
        for (const [at, one] of steps.entries()) {
          const before = kill;
          if (one.kind === 'activate') kill = activate(kill, { ...one, activationId: `a-${at}`, reason: '', at });
          else {
            const answer = resume(kill, { ...one, at, acknowledged: [] });
            if ('next' in answer) kill = answer.next;
          }
          if (kill.level !== before.level) expect(HALT_TRANSITIONS[before.level]).toContain(kill.level);
          // Only a confirmed person with a reason, the same or an admin, lets it go.
          if (before.level !== 'OFF' && kill.level === 'OFF')
            expect(one).toMatchObject({ kind: 'resume', steppedUp: true, reason: 'fine' });
          expect(allowsOpening(kill)).toBe(kill.level === 'OFF');
          expect(readKillSwitch(JSON.parse(JSON.stringify(kill)))).toEqual(kill);
        }
      }),
      { seed: 76, numRuns: 10_000 },
    );
  });

  it('TR-7 every pair that the table does not list throws', () => {
    for (const from of HALT_LEVELS)
      for (const to of HALT_LEVELS)
        if (HALT_TRANSITIONS[from].includes(to)) expect(advanceHalt(from, to)).toBe(to);
        else expect(() => advanceHalt(from, to)).toThrow(IllegalTransition);
  });

  it('TR-11 missing, malformed or foreign content is STOP, never OFF', () => {
    fc.assert(
      fc.property(fc.anything(), (stored) => {
        expect(allowsOpening(readKillSwitch(stored))).toBe(false);
      }),
      { seed: 11, numRuns: 10_000 },
    );
    for (const change of [
      { level: 'off' },
      { level: 'STOP' },
      { activationId: 'x' },
      { at: 1.5 },
      { results: {} },
      { reason: 7 },
    ])
      expect(readKillSwitch({ ...KILL_SWITCH_OFF, ...change })).toMatchObject({ level: 'STOP', activationId: 'unreadable' });
    expect(allowsOpening(readKillSwitch({ ...KILL_SWITCH_OFF }))).toBe(true);
  });

  it('7.6 activating again changes nothing; STOP under FLATTEN stays FLATTEN', () => {
    expect(activate(stop, { level: 'STOP', activationId: 'other', actor: 'bob', reason: '', at: 5 })).toBe(stop);
    expect(activate(flat, { level: 'STOP', activationId: 'other', actor: 'bob', reason: '', at: 5 })).toBe(flat);
    expect(flat).toMatchObject({ level: 'FLATTEN', activationId: 'a-2' });
  });

  it('7.6 resuming asks for the same user or an admin, a confirmation, a reason, and every flatten result acknowledged', () => {
    const result = { accountId: 'p', positionId: 'x', symbol: 'SPX', orderId: null, state: 'FAILED', sentence: '' } as const;
    const done = withResults(withResults(flat, [result]), [{ ...result, state: 'CLOSED' }]);
    expect(done.results).toEqual([{ ...result, state: 'CLOSED' }]);
    const code = (change: Partial<typeof by> & { acknowledged?: readonly string[] }): string => {
      const answer = resume(done, { ...by, ...change });
      return 'next' in answer ? answer.next.level : answer.refusal.code;
    };
    expect(code({ actor: 'bob' })).toBe('FORBIDDEN');
    expect(code({ steppedUp: false })).toBe('STEP_UP');
    expect(code({ reason: ' x ' })).toBe('REASON');
    expect(code({})).toBe('UNACKNOWLEDGED');
    expect(code({ acknowledged: ['x'] })).toBe('OFF');
    expect(code({ actor: 'bob', isAdmin: true, acknowledged: ['x'] })).toBe('OFF');
    expect(resume(KILL_SWITCH_OFF, by)).toEqual({ next: KILL_SWITCH_OFF });
  });
});
