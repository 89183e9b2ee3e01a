/** Key bindings in one registry: bound to a scope, they end with it; the list behind `?` is made from it (web.md 7). */
import { KeyedRegistry, type Owner, type Release, type Scope } from '@wyckoff/bounded';
import { inject, type InjectionKey, onScopeDispose, shallowRef, type ShallowRef } from 'vue';

export interface Command {
  /** Stable id, such as `replay.play`. */
  readonly id: string;
  /** Keys that run it, as `KeyboardEvent.key` says them; `Shift+` and `Ctrl+` in front. */
  readonly keys: readonly string[];
  /** What it does, for the list. */
  readonly label: string;
  /** Part of the page it belongs to. */
  readonly group: string;
  run(): void;
}

/** The part of a key press that is looked at. */
export interface KeyPress {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Name of a press: `Shift` counts only where the key itself does not change with it. */
export function pressName(press: KeyPress): string {
  const key = press.key === ' ' ? 'Space' : press.key;
  const shift = press.shiftKey && key.length > 1 ? 'Shift+' : '';
  return `${press.ctrlKey || press.metaKey ? 'Ctrl+' : ''}${press.altKey ? 'Alt+' : ''}${shift}${key}`;
}

/** Whether the focus takes single keys for itself. */
export function takesKeys(element: Element | null): boolean {
  if (element === null) return false;
  return (
    element.matches('input:not([type="checkbox"]), select, textarea, [contenteditable], [role="menu"] *') ||
    element.closest('dialog[open]') !== null
  );
}

export class Commands {
  readonly #registry: KeyedRegistry<string, Command>;
  /** All commands, for the list. */
  readonly list: ShallowRef<readonly Command[]> = shallowRef([]);

  constructor(scope: Scope) {
    this.#registry = new KeyedRegistry({ name: 'web.commands', capacity: 100, policy: 'refuse', itemBytes: 512, scope });
  }

  /** Adds a command until its owner ends or the returned function is called. @throws when the id is taken. */
  add(command: Command, owner?: Owner): Release {
    if (this.#registry.has(command.id)) throw new Error(`expected a new command, was ${command.id} again; give it another id`);
    this.#registry.set(command.id, command);
    this.#renew();
    const remove = (): void => {
      disown?.();
      if (this.#registry.drop(command.id, command)) this.#renew();
    };
    const disown = owner?.adopt(command.id, remove);
    return remove;
  }

  /** Runs the command of this press; true when there was one. The newest binding of a key wins. */
  press(press: KeyPress): boolean {
    const name = pressName(press);
    const command = this.list.value.findLast((one) => one.keys.includes(name));
    command?.run();
    return command !== undefined;
  }

  #renew(): void {
    this.list.value = this.#registry.values();
  }
}

export const COMMANDS: InjectionKey<Commands> = Symbol('commands');

/** Binds commands for as long as the component lives. */
export function useCommands(commands: readonly Command[]): void {
  const registry = inject(COMMANDS);
  if (registry === undefined) throw new Error('expected a page with a command registry, was none; provide COMMANDS in main.ts');
  for (const command of commands) onScopeDispose(registry.add(command));
}

/** Key names as printed on the keyboard. */
export function keyLabel(key: string): string {
  return key
    .replace('Arrow', '')
    .replace('Left', '←')
    .replace('Right', '→')
    .replace(/(?<=.)\+(?=.)/, ' ');
}
