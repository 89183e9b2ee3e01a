/** Keys run what the list says, end with their owner, and leave typing alone. */
import { Census, Scope } from '@wyckoff/bounded';
import { describe, expect, it } from 'vitest';
import { Commands, keyLabel, pressName } from './commands.ts';

const press = (key: string, part: object = {}) => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...part,
});

describe('web 7 keys', () => {
  it('names presses as the registry spells them', () => {
    expect(pressName(press(' '))).toBe('Space');
    expect(pressName(press('?', { shiftKey: true }))).toBe('?');
    expect(pressName(press('ArrowLeft', { shiftKey: true }))).toBe('Shift+ArrowLeft');
    expect(pressName(press('1', { altKey: true }))).toBe('Alt+1');
    expect(['+', 'Alt+1', 'ArrowLeft'].map(keyLabel)).toEqual(['+', 'Alt 1', '←']);
  });

  it('bindings end with their owner; an id is taken once', async () => {
    const scope = new Scope({ name: 'web', census: new Census() });
    const commands = new Commands(scope);
    const view = scope.child('view');
    let runs = 0;
    const command = { id: 'a', keys: ['l'], label: 'Layers', group: 'Chart', run: () => (runs += 1) };
    commands.add(command, view);
    expect(() => commands.add(command)).toThrow(/was a again/);
    expect([commands.press(press('l')), commands.press(press('x')), runs]).toEqual([true, false, 1]);
    await view.dispose();
    expect([commands.press(press('l')), commands.list.value.length]).toEqual([false, 0]);
    await scope.dispose();
  });
});
