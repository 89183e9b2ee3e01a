/** The words of a scope: how it is opened, what its tasks answer, what its end reports. */
import type { Census } from './census.ts';
import type { Timers } from './clock.ts';
import type { ScopeProblem } from './task-desk.ts';

export interface ScopeOptions {
  /** Dotted name of a root scope, such as `server`; its children add theirs. */
  readonly name: string;
  readonly census?: Census | undefined;
  readonly timers?: Timers | undefined;
  /** Told of every failure that has no caller to tell: failed and stuck tasks, failed timers, what did not let go. Log it. */
  readonly onProblem?: ((problem: ScopeProblem) => void) | undefined;
  /** How long `dispose` waits in all. Default 10,000 ms (L7). */
  readonly deadlineMs?: number | undefined;
  /** Most things owned at one time. Default 1,000. */
  readonly capacity?: number | undefined;
  /** Most tasks in flight in the whole tree. Default 1,000. */
  readonly maxTasks?: number | undefined;
  /** Most tasks in flight of one kind in the whole tree. Default 64. */
  readonly tasksPerKind?: number | undefined;
  /** Own limits for some kinds: `{ backtest: 2 }`. */
  readonly taskLimits?: Readonly<Record<string, number>> | undefined;
}

export interface ChildOptions {
  /** Tells siblings of one name apart (a connection's id, a symbol); shown, never part of the census name. */
  readonly label?: string | undefined;
  readonly deadlineMs?: number | undefined;
  /** Most things owned at one time. Default 256; a scope that comes in thousands (a connection's) should say how few it needs. */
  readonly capacity?: number | undefined;
}

export interface TaskOptions {
  /** What the limit in flight goes by. Default: the task's name. */
  readonly kind?: string | undefined;
  /** After this the task is reported as stuck, by name, and its signal is aborted. Default: none. */
  readonly deadlineMs?: number | undefined;
}

/** How a task ended. Cancelled: its signal was aborted and it stopped, one way or the other. */
export type TaskOutcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'cancelled'; readonly reason: unknown };

/** A running task. `finished` never rejects, so it may be left alone. */
export interface Task<T> {
  readonly name: string;
  readonly finished: Promise<TaskOutcome<T>>;
  cancel(reason?: unknown): void;
}

/** What `dispose` found. */
export interface DisposalReport {
  readonly scope: string;
  /** How much of what was owned at the beginning has let go. */
  readonly released: number;
  /** Names of what did not let go within the deadline. */
  readonly stuck: readonly string[];
  readonly errors: readonly { readonly name: string; readonly error: unknown }[];
  readonly tookMs: number;
}

/** A scope as the system page shows it. */
export interface ScopeView {
  readonly name: string;
  readonly label: string | undefined;
  readonly state: 'open' | 'closing' | 'closed';
  readonly ageMs: number;
  readonly timers: number;
  readonly listeners: number;
  readonly resources: number;
  readonly tasks: readonly { readonly name: string; readonly kind: string; readonly ageMs: number; readonly stuck: boolean }[];
  readonly children: readonly ScopeView[];
}
