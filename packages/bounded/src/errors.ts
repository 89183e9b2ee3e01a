/** The errors of this package: each names its subject, what was expected, what was found, and what to do. */

/** One code per way to go wrong; stable, for tables of errors and for tests. */
export type BoundedCode =
  | 'bounded.argument'
  | 'bounded.full'
  | 'bounded.disposed'
  | 'census.conflict'
  | 'scope.closed'
  | 'scope.full'
  | 'task.refused'
  | 'task.stuck'
  | 'topic.full';

/** Base of all errors thrown here. `subject` is the census name, task kind or topic that is meant. */
export class BoundedError extends Error {
  readonly code: BoundedCode;
  readonly subject: string;

  constructor(code: BoundedCode, subject: string, message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.subject = subject;
  }
}

/** A constructor or method argument that can never be right: a programming error, thrown at once. */
export class ArgumentError extends BoundedError {
  constructor(subject: string, message: string) {
    super('bounded.argument', subject, message);
  }
}

/** The structure holds as much as it may and its policy is to refuse. */
export class FullError extends BoundedError {
  readonly capacity: number;

  constructor(name: string, capacity: number) {
    super('bounded.full', name, `${name} is full: it holds its ${capacity} entries; remove some or raise its capacity`);
    this.capacity = capacity;
  }
}

/** The structure was used after its disposal. */
export class DisposedError extends BoundedError {
  constructor(name: string) {
    super('bounded.disposed', name, `${name} was used after it was disposed; create a new one in a living scope`);
  }
}

/** Something was opened in a scope that is closing or closed. Also the abort reason of that scope's signal. */
export class ScopeClosedError extends BoundedError {
  constructor(name: string) {
    super('scope.closed', name, `scope ${name} is closed; whatever was opened in it has ended, open it in a living scope`);
  }
}

/** A scope owns as many things as it may. */
export class ScopeFullError extends BoundedError {
  readonly capacity: number;

  constructor(name: string, capacity: number) {
    super(
      'scope.full',
      name,
      `scope ${name} owns ${capacity} things, its limit; something opens without closing, or raise its capacity`,
    );
    this.capacity = capacity;
  }
}

/** A task was refused because as many of its kind are running as may (C12). */
export class TaskRefusedError extends BoundedError {
  readonly kind: string;
  readonly limit: number;

  constructor(kind: string, limit: number) {
    super('task.refused', kind, `task of kind ${kind} refused: ${limit} are running, the limit; retry when one has finished`);
    this.kind = kind;
    this.limit = limit;
  }
}

/** A task ran past its deadline (C12). Also the abort reason its signal gets. */
export class TaskStuckError extends BoundedError {
  readonly deadlineMs: number;

  constructor(name: string, deadlineMs: number) {
    super('task.stuck', name, `task ${name} is still running after its deadline of ${deadlineMs} ms; it was told to stop`);
    this.deadlineMs = deadlineMs;
  }
}

/** A topic has as many handlers as it may (C3, C8). */
export class TopicFullError extends BoundedError {
  readonly topic: string;
  readonly limit: number;

  constructor(topic: string, limit: number) {
    super(
      'topic.full',
      topic,
      `topic ${topic} has ${limit} handlers, the limit; a subscriber forgets to call its disposer, or raise the limit`,
    );
    this.topic = topic;
    this.limit = limit;
  }
}
