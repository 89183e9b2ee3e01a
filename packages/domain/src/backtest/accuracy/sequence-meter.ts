/** Whether a structure's events came in the order its label gives them. */
import type { EventKind } from '../../wyckoff/event.ts';

/** Fewer found kinds say nothing about an order. */
const LEAST_KINDS = 3;

interface Course {
  readonly labelled: Map<EventKind, number>;
  readonly found: Map<EventKind, number>;
}

export class SequenceMeter {
  // bounded: the structures of one series; cleared with it
  readonly #courses = new Map<number, Course>();
  #valid = 0;
  #judged = 0;

  labelled(structure: number, kind: EventKind, bar: number): void {
    first(this.#course(structure).labelled, kind, bar);
  }

  found(structure: number, kind: EventKind, bar: number): void {
    first(this.#course(structure).found, kind, bar);
  }

  finishSeries(): void {
    for (const { labelled, found } of this.#courses.values()) {
      const order = [...labelled].sort((a, b) => a[1] - b[1]).flatMap(([kind]) => found.get(kind) ?? []);
      if (order.length < LEAST_KINDS) continue;
      this.#judged += 1;
      if (order.every((bar, i) => i === 0 || bar >= order[i - 1])) this.#valid += 1;
    }
    this.#courses.clear();
  }

  counts(): { readonly valid: number; readonly judged: number } {
    return { valid: this.#valid, judged: this.#judged };
  }

  #course(structure: number): Course {
    const course = this.#courses.get(structure) ?? { labelled: new Map(), found: new Map() };
    this.#courses.set(structure, course);
    return course;
  }
}

function first(bars: Map<EventKind, number>, kind: EventKind, bar: number): void {
  bars.set(kind, Math.min(bar, bars.get(kind) ?? Infinity));
}
