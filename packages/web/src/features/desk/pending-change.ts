/** Adds up what happened to the window between two frames, so that a burst of bars is one drawing (C7). */
import type { WindowChange } from '../../stores/bar-window.ts';

/** More appended bars than this are drawn anew instead of one by one. */
const MOST_UPDATES = 50;

export class PendingChange {
  #rebuilt = false;
  #appended = 0;
  #touched = false;
  #shift = 0;

  add(change: WindowChange): void {
    if (change.kind === 'none') return;
    this.#touched = true;
    this.#shift += change.shift;
    if (change.kind === 'rebuilt') this.#rebuilt = true;
    if (change.kind === 'appended') this.#appended += 1;
  }

  /** What to draw now; the sum starts again. */
  take(): { readonly draw: 'nothing' | 'tail' | 'all'; readonly shift: number; readonly appended: number } {
    const all = this.#rebuilt || this.#appended > MOST_UPDATES;
    const result = {
      draw: !this.#touched ? ('nothing' as const) : all ? ('all' as const) : ('tail' as const),
      shift: this.#shift,
      appended: this.#appended,
    };
    this.#rebuilt = false;
    this.#appended = 0;
    this.#touched = false;
    this.#shift = 0;
    return result;
  }
}
