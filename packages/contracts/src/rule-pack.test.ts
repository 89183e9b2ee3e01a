/** Packs as data: what is accepted, what is refused and in which words, and that every parameter that is accepted acts. */
import { CLASSIC, STRICT } from '@wyckoff/domain';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nearestKey } from './nearest-key.ts';
import { canonicalPack, readRulePack } from './rule-pack.ts';
import { PARAMETER_RULES, type ParameterRule } from './rule-parameters.ts';

const rules: Readonly<Record<string, ParameterRule>> = PARAMETER_RULES;
const head = { name: 'mine', version: 1, extends: 'classic' } as const;

function faults(value: unknown): string {
  const answer = readRulePack(value);
  return answer.ok ? '' : answer.faults.join('\n');
}

function accepted(value: unknown): Extract<ReturnType<typeof readRulePack>, { ok: true }> {
  const answer = readRulePack(value);
  if (!answer.ok) throw new Error(answer.faults.join('\n'));
  return answer;
}

describe('PCK-5 a pack is a file', () => {
  test('PCK-5 it extends a built-in pack, whole and in part', () => {
    const { pack, remarks } = accepted({
      ...head,
      parameters: {
        lpsWindow: 25,
        tfTable: { '1h': 0.8 },
        requireTest: false,
        vetoSessions: ['ASIAN'],
        testWindow: { '1d': [2, 20] },
      },
      habit: { sosVol: { q: 0.85 } },
      gates: { levelStrength: false },
    });
    expect(pack).toMatchObject({ name: 'mine', version: 1 });
    expect(pack.params).toEqual({
      ...CLASSIC.params,
      lpsWindow: 25,
      requireTest: false,
      vetoSessions: ['ASIAN'],
      levelStrengthMin: 0,
      tfTable: { ...CLASSIC.params.tfTable, '1h': 0.8 },
      testWindow: { ...CLASSIC.params.testWindow, '1d': [2, 20] },
    });
    expect(pack.habit).toEqual({ ...CLASSIC.habit, sosVol: { ...CLASSIC.habit?.sosVol, q: 0.85 } });
    expect(remarks).toEqual([]);
  });

  test('PCK-5 strict stays without a habit unless one is given, classic can lose it', () => {
    expect(accepted({ ...head, extends: 'strict' }).pack).toEqual({ ...STRICT, name: 'mine' });
    expect(accepted({ ...head, extends: 'strict', habit: {} }).pack.habit).toEqual(CLASSIC.habit);
    expect(accepted({ ...head, habit: null }).pack.habit).toBeNull();
  });

  test('PCK-5 a constant under a habit is accepted with a remark, because it hardly acts', () => {
    expect(accepted({ ...head, parameters: { sosVol: 1.4 } }).remarks.join()).toMatch(
      /sosVol holds only until 60 bars.*habit.sosVol/,
    );
    expect(accepted({ ...head, habit: null, parameters: { sosVol: 1.4 } }).remarks).toEqual([]);
  });

  test.each([
    [
      'an unknown parameter',
      { ...head, parameters: { lpsWindwo: 20 } },
      'parameters.lpsWindwo: unknown key; did you mean parameters.lpsWindow?',
    ],
    ['a parameter at the top', { ...head, confidenceFloor: 60 }, 'confidenceFloor: unknown key; it belongs in parameters'],
    ['an unknown top key', { ...head, parametres: {} }, 'parametres: unknown key; did you mean parameters?'],
    [
      'an unknown gate',
      { ...head, gates: { levelStrenght: false } },
      'gates.levelStrenght: unknown key; did you mean gates.levelStrength?',
    ],
    [
      'an unknown timeframe',
      { ...head, parameters: { tfTable: { '2h': 1 } } },
      'parameters.tfTable.2h: unknown key; did you mean parameters.tfTable.1h?',
    ],
    [
      'a wrong type',
      { ...head, parameters: { sosVol: '1.5' } },
      'parameters.sosVol: expected a number from 0 to 20 (VR); found "1.5"',
    ],
    [
      'a fraction of a bar',
      { ...head, parameters: { lpsWindow: 2.5 } },
      'parameters.lpsWindow: expected a whole number from 1 to 500 (bars); found 2.5',
    ],
    [
      'out of range',
      { ...head, parameters: { confidenceFloor: 170 } },
      'parameters.confidenceFloor: expected a number from 0 to 100 (points); found 170',
    ],
    [
      'not a flag',
      { ...head, parameters: { requireTest: 'yes' } },
      'parameters.requireTest: expected true or false; found "yes"',
    ],
    [
      'beyond the bar ring',
      { ...head, parameters: { clusterMaxAge: 128 } },
      'whole number from 1 to 127 (bars), because the bar ring holds 128 bars',
    ],
    [
      'a window back to front',
      { ...head, parameters: { testWindow: { '1d': [9, 3] } } },
      'parameters.testWindow.1d: expected the first bar before the last, was [9, 3]',
    ],
    [
      'bounds back to front',
      { ...head, habit: { sosVol: { min: 3, max: 2 } } },
      'habit.sosVol: expected min at most max, was 3 and 2',
    ],
    [
      'a gate off whose parameter is given',
      { ...head, gates: { confidence: false }, parameters: { confidenceFloor: 50 } },
      'gates.confidence: off, but parameters.confidenceFloor is given too',
    ],
    ['the name of a built-in pack', { ...head, name: 'classic' }, 'name: taken by a built-in pack'],
    ['no base', { name: 'mine', version: 1 }, 'extends: '],
    ['no object', [1], 'file: '],
  ])('PCK-6 refused with key, finding and expectation: %s', (_, value, expected) => {
    expect(faults(value)).toContain(expected);
  });

  test.each(['pivotK', 'volWindow', 'sessionBuckets', 'zoneMax', 'profileBins', 'percentBase', 'symmetric'] as const)(
    'PCK-6 what the layout fixes is refused with its reason, even at its own value: %s',
    (name) => {
      expect(faults({ ...head, parameters: { [name]: STRICT.params[name] } })).toMatch(
        new RegExp(`parameters\\.${name}: cannot be set: \\w+`),
      );
    },
  );

  test('PCK-6 all faults in one go, thirty at most', () => {
    const wrong = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`nothingLikeIt${i}`, 1]));
    expect(
      faults({ ...head, version: 0, parameters: wrong })
        .split('\n')
        .at(-1),
    ).toBe('... and 21 more');
  });
});

describe('PCK-7 the table', () => {
  test('PCK-7 both built-in packs lie within it', () => {
    for (const pack of [STRICT, CLASSIC]) {
      const parameters = Object.fromEntries(Object.entries(pack.params).filter(([name]) => rules[name].kind !== 'fixed'));
      expect(accepted({ ...head, extends: 'strict', parameters, habit: pack.habit }).pack.params).toEqual(pack.params);
    }
  });

  test('PCK-7 every parameter that can be set is read by some rule; the twin, one that is not, is noticed', () => {
    const text = sources(join(import.meta.dirname, '../../domain/src'));
    const read = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);
    const settable = Object.keys(rules).filter((name) => rules[name].kind !== 'fixed');
    expect(settable.filter((name) => !read(name))).toEqual([]);
    expect(read('noRuleReadsThis')).toBe(false);
  });
});

test('PCK-8 equal rules have equal texts, whatever the order of the file; one number more, another text', () => {
  const one = accepted({ ...head, parameters: { lpsWindow: 12, sosMax: 2 } }).pack;
  const other = accepted({ parameters: { sosMax: 2, lpsWindow: 12 }, extends: 'classic', version: 1, name: 'mine' }).pack;
  expect(canonicalPack(other)).toBe(canonicalPack(one));
  expect(canonicalPack(accepted({ ...head, parameters: { lpsWindow: 13, sosMax: 2 } }).pack)).not.toBe(canonicalPack(one));
  expect(canonicalPack(STRICT)).not.toBe(canonicalPack(CLASSIC));
});

test('PCK-6 the nearest key is near, or there is none', () => {
  expect(nearestKey('sosvol', ['sosVol', 'psVol'])).toBe('sosVol');
  expect(nearestKey('elephant', ['sosVol', 'psVol'])).toBeNull();
});

test('PCK-5 the example of docs/rule-packs.md is a pack', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/rule-packs.md'), 'utf8');
  const example = /```json\n([^`]+)```/.exec(text)?.[1] ?? '';
  expect(accepted(JSON.parse(example)).pack.params).toMatchObject({ lpsWindow: 30, levelStrengthMin: 0, htfStrict: true });
});

/** What ships, without the tables that name every parameter. */
function sources(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !/\.test\.ts$|^parameters\.ts$|^rule-pack\.ts$/.test(entry.name))
    .map((entry) => (entry.isDirectory() ? sources(join(folder, entry.name)) : readFileSync(join(folder, entry.name), 'utf8')))
    .join('\n');
}
