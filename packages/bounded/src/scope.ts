/**
 * A scope owns what was opened in it - timers, listeners, sockets, tasks, structures, child scopes - and ends all of it, in reverse
 * order, within a deadline, once.
 */
import { type Census, type CensusFigures, type CensusMember, processCensus } from './census.ts';
import { checkCount, checkMs, checkName } from './checks.ts';
import { type Release, systemTimers, type Timers } from './clock.ts';
import { Deadline } from './deadline.ts';
import { BoundedError, ScopeClosedError, ScopeFullError, TaskStuckError } from './errors.ts';
import { type EventSource, subscribe } from './event-source.ts';
import { host, type StopController, type StopSignal } from './host.ts';
import { disposeOf, isPromiseLike } from './keyed-registry.ts';
import type { ChildOptions, DisposalReport, ScopeOptions, ScopeView, Task, TaskOptions, TaskOutcome } from './scope-types.ts';
import type { Owner } from './structure.ts';
import { type ScopeProblem, type TaskCounts, TaskDesk } from './task-desk.ts';

type Sort = 'timer' | 'listener' | 'resource' | 'task' | 'scope';

/** One thing owned. */
interface Holding {
  readonly sort: Sort;
  readonly label: string;
  readonly release: () => unknown;
  readonly scope?: Scope;
  readonly task?: RunningTask;
  linked: boolean;
  previous: Holding | undefined;
  next: Holding | undefined;
}

interface RunningTask {
  readonly name: string;
  readonly kind: string;
  readonly controller: StopController;
  readonly beganMs: number;
  stuck: boolean;
}

/** What a holding was released with, while its end is awaited. */
interface Ending {
  readonly label: string;
  readonly settled: Promise<void>;
  done: boolean;
}

const FRAME_MS = 16;

/** Bytes of one holding with the functions that release it, rounded up. */
const HOLDING_BYTES = 256;

export class Scope implements Owner, CensusMember, AsyncDisposable {
  readonly name: string;
  readonly label: string | undefined;
  readonly kind = 'scope';
  readonly census: Census;
  readonly timers: Timers;
  readonly #desk: TaskDesk;
  readonly #capacity: number;
  readonly #deadlineMs: number;
  readonly #bornMs: number;
  readonly #leaveCensus: Release;
  readonly #leaveParent: Release | undefined;
  #controller: StopController | undefined;
  #byResource: Map<unknown, Holding> | undefined;
  #first: Holding | undefined;
  #last: Holding | undefined;
  #size = 0;
  #highWater = 0;
  #adopted = 0;
  #released = 0;
  #closing: Promise<DisposalReport> | undefined;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(options: ScopeOptions, parent?: { readonly scope: Scope; readonly label: string | undefined }) {
    this.name = checkName(options.name);
    this.label = parent?.label;
    this.#capacity = checkCount(options.name, 'capacity', options.capacity ?? (parent === undefined ? 1_000 : 256));
    this.#deadlineMs = checkMs(options.name, 'deadlineMs', options.deadlineMs ?? 10_000);
    this.census = parent?.scope.census ?? options.census ?? processCensus;
    this.timers = parent?.scope.timers ?? options.timers ?? systemTimers;
    this.#bornMs = this.timers.now();
    const up = parent?.scope;
    this.#leaveParent =
      up === undefined ? undefined : up.#hold({ sort: 'scope', label: options.name, release: () => this.dispose(), scope: this });
    try {
      this.#desk = up === undefined ? this.#openDesk(options) : up.#desk;
      this.#leaveCensus = this.census.enrol(this);
    } catch (error) {
      this.#leaveParent?.();
      throw error;
    }
  }

  /** Aborted when the scope begins to end. */
  get signal(): StopSignal {
    if (this.#controller === undefined) {
      this.#controller = new host.AbortController();
      if (this.#state !== 'open') this.#controller.abort(new ScopeClosedError(this.name));
    }
    return this.#controller.signal;
  }

  get state(): 'open' | 'closing' | 'closed' {
    return this.#state;
  }

  /** Things owned now. */
  get size(): number {
    return this.#size;
  }

  /** Tasks of the whole tree by kind. */
  taskCounts(): TaskCounts[] {
    return this.#desk.counts();
  }

  /** The last problems of the whole tree, oldest first. */
  problems(): readonly ScopeProblem[] {
    return this.#desk.problems;
  }

  /** A scope inside this one: it ends with it, at the latest. Its census name is this one's with `name` behind it. */
  child(name: string, options: ChildOptions = {}): Scope {
    const { label, ...rest } = options;
    return new Scope({ ...rest, name: `${this.name}.${name}` }, { scope: this, label });
  }

  /**
   * Takes a resource into ownership and hands it back: `const db = scope.own(openDatabase())`. It is ended by `release`, or by its own
   * `[Symbol.asyncDispose]` or `[Symbol.dispose]`. In a scope that is closed or full the resource is ended at once, and the refusal is thrown:
   * what was opened during an `await` does not survive its scope.
   */
  own<R>(resource: R, release?: (resource: R) => unknown, label = 'resource'): R {
    const end = (): unknown => (release === undefined ? disposeOf(resource) : release(resource));
    try {
      const holding = this.#link({ sort: 'resource', label, release: end });
      this.#byResource ??= new Map();
      this.#byResource.set(resource, holding);
      return resource;
    } catch (refusal) {
      this.#endOutside(label, end);
      throw refusal;
    }
  }

  /** Ends an owned resource now. Resolves when it has let go; failures are reported like those at disposal. */
  async release(resource: unknown): Promise<void> {
    const holding = this.#byResource?.get(resource);
    if (holding === undefined) return;
    this.#forget(holding, resource);
    await this.#end(holding, [])?.settled;
  }

  /** Gives an owned resource out of hand without ending it: somebody else does. */
  disown(resource: unknown): boolean {
    const holding = this.#byResource?.get(resource);
    if (holding === undefined) return false;
    this.#forget(holding, resource);
    return true;
  }

  adopt(label: string, release: () => void | PromiseLike<unknown>): Release {
    return this.#hold({ sort: 'resource', label, release });
  }

  /** Runs once after a delay. What it throws or rejects with is reported, not lost. */
  timeout(delayMs: number, run: () => unknown, label = 'timeout'): Release {
    const cancel = this.timers.after(delayMs, () => {
      forget();
      void this.#runTimer(label, run);
    });
    const forget = this.#holdOr(cancel, { sort: 'timer', label, release: cancel });
    return () => {
      forget();
      cancel();
    };
  }

  /** Runs again and again, `everyMs` after the last begin; a turn that is still running is not overlapped but skipped (L3). */
  interval(everyMs: number, run: () => unknown, label = 'interval'): Release {
    checkMs(this.name, 'everyMs', everyMs);
    let running: unknown;
    let cancel: Release = () => undefined;
    const arm = (): void => {
      cancel = this.timers.after(everyMs, turn);
    };
    const turn = (): void => {
      arm();
      if (running !== undefined) return;
      running = this.#runTimer(label, run)?.finally(() => {
        running = undefined;
      });
    };
    const forget = this.#hold({ sort: 'timer', label, release: () => cancel() });
    arm();
    return () => {
      forget();
      cancel();
    };
  }

  /** Runs before the next frame is drawn; where there are no frames, after 16 ms. */
  frame(run: (timeMs: number) => unknown, label = 'frame'): Release {
    if (host.requestAnimationFrame === undefined) return this.timeout(FRAME_MS, () => run(this.timers.now()), label);
    const handle = host.requestAnimationFrame((timeMs) => {
      forget();
      void this.#runTimer(label, () => run(timeMs));
    });
    const cancel = (): void => host.cancelAnimationFrame?.(handle);
    const forget = this.#holdOr(cancel, { sort: 'timer', label, release: cancel });
    return () => {
      forget();
      cancel();
    };
  }

  /** Resolves after a delay; rejects with a ScopeClosedError when the scope ends first. */
  delay(delayMs: number, label = 'delay'): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.timers.after(delayMs, () => {
        forget();
        resolve();
      });
      const stop = (): void => {
        cancel();
        reject(new ScopeClosedError(this.name));
      };
      const forget = this.#holdOr(cancel, { sort: 'timer', label, release: stop });
    });
  }

  /** Listens on an `EventTarget` or an `EventEmitter` until the scope ends or the returned function is called. */
  listen<A extends unknown[]>(source: EventSource, event: string, handler: (...args: A) => void): Release {
    const off = subscribe(source, event, handler);
    const forget = this.#holdOr(off, { sort: 'listener', label: event, release: off });
    return () => {
      forget();
      off();
    };
  }

  /**
   * Begins a background task. Its rejection is reported and counted; when the scope ends, its signal is aborted and its end awaited.
   * @throws TaskRefusedError when as many of its kind are running as may; ScopeClosedError in a scope that has ended.
   */
  task<T>(name: string, run: (signal: StopSignal) => Promise<T> | T, options: TaskOptions = {}): Task<T> {
    this.#refuseWhenClosedOrFull();
    const kind = options.kind ?? name;
    const finish = this.#desk.begin(kind);
    const running: RunningTask = { name, kind, controller: new host.AbortController(), beganMs: this.timers.now(), stuck: false };
    let forget: Release = () => undefined;
    const settle = (outcome: TaskOutcome<T>): TaskOutcome<T> => {
      forget();
      disarm?.();
      finish(outcome.kind);
      if (outcome.kind === 'failed') this.#report('task-failed', name, outcome.error);
      return outcome;
    };
    const disarm = options.deadlineMs === undefined ? undefined : this.#watch(running, options.deadlineMs);
    // The task begins in a microtask, when it is already owned: it may end its own scope, or throw at once. Cancelled before, it never begins.
    const finished = Promise.resolve()
      .then(() => {
        running.controller.signal.throwIfAborted();
        return run(running.controller.signal);
      })
      .then(
        (value) => settle({ kind: 'done', value }),
        (error: unknown) => {
          const { signal } = running.controller;
          return settle(signal.aborted ? { kind: 'cancelled', reason: signal.reason as unknown } : { kind: 'failed', error });
        },
      );
    const release = (): Promise<unknown> => {
      running.controller.abort(new ScopeClosedError(this.name));
      return finished;
    };
    forget = this.#hold({ sort: 'task', label: name, release, task: running });
    return { name, finished, cancel: (reason) => running.controller.abort(reason ?? new ScopeClosedError(this.name)) };
  }

  /** The scope and all below it, for `GET /system/memory`. */
  describe(): ScopeView {
    const nowMs = this.timers.now();
    const holdings = [...this.#holdings()];
    const count = (sort: Sort): number => holdings.filter((holding) => holding.sort === sort).length;
    return {
      name: this.name,
      label: this.label,
      state: this.#state,
      ageMs: nowMs - this.#bornMs,
      timers: count('timer'),
      listeners: count('listener'),
      resources: count('resource'),
      tasks: holdings.flatMap(({ task }) =>
        task === undefined ? [] : [{ name: task.name, kind: task.kind, ageMs: nowMs - task.beganMs, stuck: task.stuck }],
      ),
      children: holdings.flatMap(({ scope }) => (scope === undefined ? [] : [scope.describe()])),
    };
  }

  /**
   * Ends everything: all tasks are told to stop, then each thing is released in the reverse order of its opening, and the end of those that
   * take time is awaited before the next, until the deadline; the rest is then released without waiting. Never rejects: what failed or did
   * not let go is in the report and goes to `onProblem`. A second call gets the same report. A task must not await its own scope's end.
   */
  dispose(options: { readonly deadlineMs?: number } = {}): Promise<DisposalReport> {
    if (this.#closing !== undefined) return this.#closing;
    let settle: (report: DisposalReport) => void = () => undefined;
    this.#closing = new Promise((resolve) => {
      settle = resolve;
    });
    void this.#close(options.deadlineMs ?? this.#deadlineMs).then(settle);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  figures(): CensusFigures {
    return {
      size: this.#size,
      capacity: this.#capacity,
      bytes: this.#size * HOLDING_BYTES,
      limitBytes: this.#capacity * HOLDING_BYTES,
      highWater: this.#highWater,
      accepted: this.#adopted,
      delivered: this.#released,
      held: this.#size,
      evicted: 0,
      dropped: 0,
      droppedBy: {},
    };
  }

  #openDesk(options: ScopeOptions): TaskDesk {
    return new TaskDesk({
      name: `${this.name}.tasks`,
      census: this.census,
      clock: this.timers,
      capacity: options.maxTasks ?? 1_000,
      itemBytes: 1_024,
      perKind: options.tasksPerKind ?? 64,
      limits: options.taskLimits ?? {},
      onProblem: options.onProblem,
    });
  }

  async #close(deadlineMs: number): Promise<DisposalReport> {
    this.#state = 'closing';
    const beganMs = this.timers.now();
    const reason = new ScopeClosedError(this.name);
    for (const holding of this.#holdings()) holding.task?.controller.abort(reason);
    this.#controller?.abort(reason);

    const errors: { name: string; error: unknown }[] = [];
    const late: Ending[] = [];
    const deadline = new Deadline(this.timers, deadlineMs);
    const owned = this.#size;
    for (let holding = this.#last; holding !== undefined; holding = this.#last) {
      this.#unlink(holding);
      const ending = this.#end(holding, errors);
      if (ending === undefined) continue;
      if (!deadline.passed) await Promise.race([ending.settled, deadline.reached()]);
      if (!ending.done) late.push(ending);
    }
    if (late.length > 0) await letMicrotasksRun();
    deadline.cancel();
    const stuck = late.filter((ending) => !ending.done).map((ending) => ending.label);
    for (const label of stuck)
      this.#report('release-stuck', label, new BoundedError('scope.closed', label, this.#stuckText(label, deadlineMs)));
    this.#byResource = undefined;
    this.#state = 'closed';
    this.#leaveCensus();
    this.#leaveParent?.();
    if (this.#leaveParent === undefined) this.#desk.dispose();
    return { scope: this.name, released: owned - stuck.length, stuck, errors, tookMs: this.timers.now() - beganMs };
  }

  /** Releases one thing. Undefined when it has let go already. */
  #end(holding: Pick<Holding, 'label' | 'release'>, errors: { name: string; error: unknown }[]): Ending | undefined {
    const failed = (error: unknown): void => {
      errors.push({ name: holding.label, error });
      this.#report('release-failed', holding.label, error);
    };
    try {
      const ended = holding.release();
      if (!isPromiseLike(ended)) return undefined;
      const ending: Ending = {
        label: holding.label,
        done: false,
        settled: Promise.resolve(ended)
          .then((report) => passOnStuck(report, failed), failed)
          .then(() => {
            ending.done = true;
          }),
      };
      return ending;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #endOutside(label: string, release: () => unknown): void {
    const ending = this.#end({ label, release }, []);
    if (ending !== undefined) void ending.settled;
  }

  #stuckText(label: string, deadlineMs: number): string {
    return `${label} in scope ${this.name} did not let go within ${deadlineMs} ms; it must heed its abort signal or end its own waiting`;
  }

  #watch(running: RunningTask, deadlineMs: number): Release {
    return this.timers.after(deadlineMs, () => {
      running.stuck = true;
      const error = new TaskStuckError(running.name, deadlineMs);
      this.#report('task-stuck', running.name, error);
      running.controller.abort(error);
    });
  }

  /** Undefined when the turn is over already. */
  #runTimer(label: string, run: () => unknown): Promise<void> | undefined {
    const failed = (error: unknown): void => this.#report('timer-failed', label, error);
    try {
      const running = run();
      return isPromiseLike(running) ? Promise.resolve(running).then(() => undefined, failed) : undefined;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #report(what: ScopeProblem['what'], name: string, error: unknown): void {
    this.#desk.report({ what, scope: this.name, name, error });
  }

  #refuseWhenClosedOrFull(): void {
    if (this.#state !== 'open') throw new ScopeClosedError(this.name);
    if (this.#size >= this.#capacity) throw new ScopeFullError(this.name, this.#capacity);
  }

  /** Registers, or takes back what was opened just before when there is no room for it. */
  #holdOr(undo: Release, about: Omit<Holding, 'linked' | 'previous' | 'next'>): Release {
    try {
      return this.#hold(about);
    } catch (refusal) {
      undo();
      throw refusal;
    }
  }

  #hold(about: Omit<Holding, 'linked' | 'previous' | 'next'>): Release {
    const holding = this.#link(about);
    return () => this.#unlink(holding);
  }

  #link(about: Omit<Holding, 'linked' | 'previous' | 'next'>): Holding {
    this.#refuseWhenClosedOrFull();
    const holding: Holding = { ...about, linked: true, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = holding;
    else this.#last.next = holding;
    this.#last = holding;
    this.#size += 1;
    this.#adopted += 1;
    if (this.#size > this.#highWater) this.#highWater = this.#size;
    return holding;
  }

  #unlink(holding: Holding): void {
    if (!holding.linked) return;
    const { previous, next } = holding;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    holding.linked = false;
    holding.previous = undefined;
    holding.next = undefined;
    this.#size -= 1;
    this.#released += 1;
  }

  #forget(holding: Holding, resource: unknown): void {
    this.#unlink(holding);
    this.#byResource?.delete(resource);
  }

  *#holdings(): IterableIterator<Holding> {
    for (let holding = this.#first; holding !== undefined;) {
      const { next } = holding;
      yield holding;
      holding = next;
    }
  }
}

/** A child that was left with something stuck has not let go either: its parent says so. */
function passOnStuck(report: unknown, failed: (error: unknown) => void): void {
  const stuck = (report as DisposalReport | undefined)?.stuck;
  const scope = (report as DisposalReport | undefined)?.scope;
  if (!Array.isArray(stuck) || stuck.length === 0 || scope === undefined) return;
  failed(new BoundedError('scope.closed', scope, `scope ${scope} ended with ${stuck.join(', ')} stuck`));
}

/** Some turns of the microtask queue: enough for what has finished to say so. */
async function letMicrotasksRun(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}
