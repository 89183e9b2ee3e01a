/** Counts the tasks of a whole tree of scopes by kind, refuses the one too many, and remembers the last problems (C12). */
import type { Clock } from './clock.ts';
import { TaskRefusedError } from './errors.ts';
import { Ring } from './ring.ts';
import { type OwnFigures, Structure, type StructureOptions } from './structure.ts';

/** Something that went wrong in a scope and had nobody to tell: handed to `onProblem`, counted, and kept for a while. */
export interface ScopeProblem {
  readonly what: 'task-failed' | 'task-stuck' | 'timer-failed' | 'release-failed' | 'release-stuck';
  /** Full name of the scope. */
  readonly scope: string;
  /** Name of the task, timer or resource. */
  readonly name: string;
  readonly error: unknown;
  /** On the scope's clock. */
  readonly atMs: number;
}

export interface TaskDeskOptions extends Omit<StructureOptions, 'capacity'> {
  /** Most tasks in flight over all kinds. */
  readonly capacity: number;
  /** Most in flight of one kind. */
  readonly perKind: number;
  /** Own limits for some kinds. */
  readonly limits: Readonly<Record<string, number>>;
  readonly clock: Clock;
  readonly onProblem: ((problem: ScopeProblem) => void) | undefined;
}

export interface TaskCounts {
  readonly kind: string;
  readonly running: number;
  readonly failed: number;
  readonly refused: number;
}

interface KindCount {
  running: number;
  failed: number;
  refused: number;
}

/** Kinds that are told apart; all further ones are counted together (L7). */
const MAX_KINDS = 200;
const OTHER = 'other';
const PROBLEMS_KEPT = 50;

export class TaskDesk extends Structure {
  readonly capacity: number;
  readonly #options: TaskDeskOptions;
  readonly #kinds = new Map<string, KindCount>();
  readonly #problems: Ring<ScopeProblem>;
  #running = 0;

  constructor(options: TaskDeskOptions) {
    super('tasks', options);
    this.capacity = options.capacity;
    this.#options = options;
    this.#problems = new Ring({
      name: `${options.name}.problems`,
      capacity: PROBLEMS_KEPT,
      itemBytes: 1_024,
      census: options.census,
    });
  }

  /** Tasks in flight. */
  get size(): number {
    return this.#running;
  }

  /** The last problems, oldest first. */
  get problems(): readonly ScopeProblem[] {
    return this.#problems.toArray();
  }

  /** By kind, for the metrics `tasks_running` and `tasks_failed_total`. */
  counts(): TaskCounts[] {
    return [...this.#kinds].map(([kind, count]) => ({ kind, ...count }));
  }

  /** Lets a task begin; the returned function says how it ended. @throws TaskRefusedError at the limit. */
  begin(kind: string): (end: 'done' | 'failed' | 'cancelled') => void {
    const count = this.#countOf(kind);
    const limit = Math.min(this.#options.limits[kind] ?? this.#options.perKind, this.capacity);
    this.ledger.accept();
    if (count.running >= limit || this.#running >= this.capacity) {
      count.refused += 1;
      this.ledger.drop('refused');
      throw new TaskRefusedError(kind, count.running >= limit ? limit : this.capacity);
    }
    count.running += 1;
    this.#running += 1;
    this.mark(this.#running);
    return (end) => this.#finish(count, end);
  }

  report(problem: Omit<ScopeProblem, 'atMs'>): void {
    const full: ScopeProblem = { ...problem, atMs: this.#options.clock.now() };
    if (!this.#problems.disposed) this.#problems.push(full);
    try {
      this.#options.onProblem?.(full);
    } catch {
      // A sink that fails must not stop a scope from ending; the problem is kept above.
    }
  }

  protected ownFigures(): OwnFigures {
    return {
      size: this.#running,
      capacity: this.capacity,
      bytes: this.estimate(this.#running, undefined),
      limitBytes: this.worstCase(this.capacity, undefined, 0),
      held: this.disposed ? 0 : this.#running,
    };
  }

  protected release(): void {
    // Only stuck ones are left by now; they were reported by name.
    this.ledger.drop('disposed', this.#running);
    this.#problems.dispose();
  }

  #finish(count: KindCount, end: 'done' | 'failed' | 'cancelled'): void {
    count.running -= 1;
    this.#running -= 1;
    if (end === 'failed') count.failed += 1;
    if (this.disposed) return;
    if (end === 'done') this.ledger.deliver();
    else this.ledger.drop(end === 'failed' ? 'failed' : 'removed');
  }

  #countOf(kind: string): KindCount {
    const name = this.#kinds.has(kind) || this.#kinds.size < MAX_KINDS ? kind : OTHER;
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    const count: KindCount = { running: 0, failed: 0, refused: 0 };
    this.#kinds.set(name, count);
    return count;
  }
}
