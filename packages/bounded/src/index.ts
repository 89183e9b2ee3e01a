/** Bounded, owned and counted: the only places where long-lived state may live. */
export { BoundedQueue } from './bounded-queue.ts';
export { Census, processCensus } from './census.ts';
export type {
  CensusFigures,
  CensusFinding,
  CensusKind,
  CensusMember,
  CensusOptions,
  CensusRow,
  DeclaredBytes,
  Reservation,
} from './census.ts';
export { systemTimers, yieldTurn } from './clock.ts';
export type { Clock, Release, Timers } from './clock.ts';
export { DeadlineHeap } from './deadline-heap.ts';
export type { DeadlineEntry, DeadlineHeapOptions, DeadlinePolicy } from './deadline-heap.ts';
export { drain } from './drain.ts';
export type { DrainOptions, DrainReport } from './drain.ts';
export {
  ArgumentError,
  BoundedError,
  DisposedError,
  FullError,
  ScopeClosedError,
  ScopeFullError,
  TaskRefusedError,
  TaskStuckError,
  TopicFullError,
} from './errors.ts';
export type { BoundedCode } from './errors.ts';
export type { EventSource } from './event-source.ts';
export type { StopSignal } from './host.ts';
export { KeyedRegistry } from './keyed-registry.ts';
export type { KeyedRegistryOptions, Opened, RegistryPolicy } from './keyed-registry.ts';
export type { DropReason, Drops } from './ledger.ts';
export { LruTtlCache } from './lru-ttl-cache.ts';
export type { CacheStats, LruTtlCacheOptions } from './lru-ttl-cache.ts';
export type { Batch } from './queue-batch.ts';
export { isRefusal } from './queue-options.ts';
export type { BoundedQueueOptions, OverflowPolicy, Pressure, PushOutcome, QueueStats } from './queue-options.ts';
export { QueuedHandler } from './queued-handler.ts';
export type { QueuedHandlerOptions } from './queued-handler.ts';
export { Ring } from './ring.ts';
export type { RingOptions } from './ring.ts';
export { RollingCounter } from './rolling-counter.ts';
export type { RollingCounterOptions } from './rolling-counter.ts';
export { Scope } from './scope.ts';
export type { ChildOptions, DisposalReport, ScopeOptions, ScopeView, Task, TaskOptions, TaskOutcome } from './scope-types.ts';
export { SingleFlight } from './single-flight.ts';
export type { Load } from './single-flight.ts';
export type { Owner, StructureOptions } from './structure.ts';
export type { ScopeProblem, TaskCounts } from './task-desk.ts';
export { TimerWheel } from './timer-wheel.ts';
export type { TimerWheelOptions, WheelTimer } from './timer-wheel.ts';
export { TopicHub } from './topic-hub.ts';
export type { Subscription, TopicHubOptions } from './topic-hub.ts';
