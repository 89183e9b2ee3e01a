/** A link with its state, on virtual time, against a server in memory. */
import { Census, Scope } from '@wyckoff/bounded';
import type { FactRow } from '@wyckoff/contracts';
import { Link, type LinkStatus } from '../link/link.ts';
import type { EventFrame } from '../link/replica.ts';
import { DeskState } from '../stores/desk-state.ts';
import type { MemoryServer } from './memory-server.ts';
import { VirtualTimers } from './virtual-timers.ts';

export interface DeskLink {
  readonly link: Link;
  readonly state: DeskState;
  readonly timers: VirtualTimers;
  readonly scope: Scope;
  readonly census: Census;
  /** Facts in the order they were applied. */
  readonly applied: FactRow[];
  readonly values: EventFrame[];
  readonly statuses: LinkStatus[];
  readonly outdated: () => number;
}

export function openDeskLink(server: MemoryServer, random?: () => number): DeskLink {
  const timers = new VirtualTimers();
  const census = new Census();
  const scope = new Scope({ name: 'web', timers, census });
  const state = new DeskState(scope, () => undefined);
  const applied: FactRow[] = [];
  const values: EventFrame[] = [];
  const statuses: LinkStatus[] = [];
  let outdated = 0;
  const link = new Link({
    environment: server.environment(random),
    scope,
    tab: 'tab-1234',
    contractHash: 'h',
    sink: {
      reset: (topics, answer) => state.reset(topics, answer),
      fact: (row) => {
        applied.push(row);
        state.fact(row);
      },
      value: (frame) => {
        values.push(frame);
        state.value(frame);
      },
    },
    changed: (status) => void statuses.push(status),
    outdated: () => {
      outdated += 1;
    },
  });
  return { link, state, timers, scope, census, applied, values, statuses, outdated: () => outdated };
}
