/** Figures of the process itself, read when somebody scrapes; what must be observed all the time belongs to a scope. */
import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import type { Scope } from '@wyckoff/bounded';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const GC_KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

export function registerProcess(register: Registry, scope: Scope): void {
  const registers = [register];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed);
  gauge('nodejs_external_memory_bytes', 'Memory of buffers and native objects.', () => process.memoryUsage().external);
  cpu(register);
  resources(register);
  loopDelay(register, scope);
  collections(register, scope);
}

function cpu(register: Registry): void {
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system time.',
    registers: [register],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}

function resources(register: Registry): void {
  new Gauge({
    name: 'nodejs_active_resources',
    help: 'What keeps the process alive, by type.',
    labelNames: ['type'],
    registers: [register],
    collect() {
      this.reset();
      for (const type of process.getActiveResourcesInfo()) this.inc({ type });
    },
  });
}

function loopDelay(register: Registry, scope: Scope): void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  scope.adopt('eventloop-delay', () => void delay.disable());
  new Gauge({
    name: 'nodejs_eventloop_lag_p99_seconds',
    help: 'Delay of the event loop since the last scrape, 99th percentile.',
    registers: [register],
    collect() {
      this.set(delay.percentile(99) / 1e9);
      delay.reset();
    },
  });
}

function collections(register: Registry, scope: Scope): void {
  const seconds = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Garbage collections by kind.',
    labelNames: ['kind'],
    buckets: [0.001, 0.01, 0.1, 1],
    registers: [register],
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = GC_KINDS[(entry as { detail?: { kind?: number } }).detail?.kind ?? 0] ?? 'other';
      seconds.observe({ kind }, entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  scope.adopt('gc-observer', () => observer.disconnect());
}
