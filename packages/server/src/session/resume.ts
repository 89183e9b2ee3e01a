/** Brings an engine back to where the store says it stood: snapshot, then the stored bars once more, each compared with what was written. */
import { TIMEFRAME_MS, type EpochMs, type Fact, type Instruction, type TradingEngine } from '@wyckoff/domain';
import type { ToldFact } from '../store/entity-store.ts';
import type { EngineCursor, EngineRef, Series, Store } from '../store/store.ts';
import type { EngineFactory } from './engine-factory.ts';
import { closingOf, stepInstant, type InstantRows } from './instants/instant-rows.ts';
import { LateBars, UNHEARD_TYPES } from './instants/late-bars.ts';
import { TakenInstants } from './instants/taken-instants.ts';

/** Bars stepped and compared at a time. */
const SLICE = 64;
/** Facts of one slice; an engine that says more than this about 64 bars is broken. */
const FACTS_PER_SLICE = 20_000;

/** The engine says today something else than it wrote then: its code, its settings or its bars have changed. */
export class ResumeMismatch extends Error {
  readonly code = 'session.mismatch';

  constructor(place: string, expected: string, was: string) {
    super(
      `resume: ${place}: expected what the store holds (${expected}), was ${was}. The program, its settings or the stored bars have changed ` +
        'since; trading does not continue on two histories. Start with another --data folder, or go back to the program that wrote this one.',
    );
    this.name = 'ResumeMismatch';
  }
}

/** How an engine came back, in bars. */
export interface ResumedFrom {
  /** Bars the snapshot held; 0 without one. */
  readonly fromSnapshot: number;
  /** Bars stepped again after it. */
  readonly restepped: number;
  /** Why the newest snapshot was not used; null when it was, or when there was none. */
  readonly snapshotRefused: string | null;
}

export interface Resumed {
  readonly engine: TradingEngine;
  readonly cursor: EngineCursor;
  readonly from: ResumedFrom;
  /** What the last input ordered from a venue: journalled, and perhaps not handed over any more. */
  readonly lastOrders: readonly Instruction[];
}

export interface ResumeOptions {
  readonly store: Store;
  readonly ref: EngineRef;
  readonly cursor: EngineCursor;
  readonly factory: EngineFactory;
  /** Orders went to a venue, not to the engine's own broker. */
  readonly hasVenue?: boolean | undefined;
  /** Where the engine's facts go; the caller ignores them until this is done. */
  readonly sink: (fact: Fact) => void;
}

/** @throws ResumeMismatch with the first bar at which the two histories part. */
export async function resumeEngine(options: ResumeOptions): Promise<Resumed> {
  const { ref, cursor } = options;
  const echo: Fact[] = [];
  let live = false;
  const sink = (fact: Fact): void => {
    if (live) options.sink(fact);
    else echo.push(fact);
  };
  const start = await restored(options, sink);
  const { engine } = start;
  const again = new Again(options, engine, echo);
  // The snapshot was taken when its last bar was done; what people and venues said before the next one comes after it.
  await again.inputsOf(start.position);
  const instants = await instantsFrom(options, start);
  let after = start.barTime;
  for (let position = start.position; position < cursor.position;) {
    const limit = Math.min(SLICE, cursor.position - position);
    after = await again.slice({ position, limit, after, instants });
    position += limit;
  }
  if (after !== cursor.barTime) throw new ResumeMismatch(ref.id, `last bar ${timeText(cursor.barTime)}`, timeText(after));
  await compareAccount(options, engine);
  live = true;
  const { snapshotRefused } = start;
  return {
    engine,
    cursor,
    from: { fromSnapshot: start.position, restepped: cursor.position - start.position, snapshotRefused },
    lastOrders: again.lastOrders,
  };
}

/** Steps stored bars and stored inputs once more, in the order in which they were taken, and compares every fact. */
class Again {
  readonly #options: ResumeOptions;
  readonly #engine: TradingEngine;
  /** What the engine says now; emptied per bar. */
  // bounded: the facts of one bar and of the inputs after it
  readonly #echo: Fact[];
  lastOrders: readonly Instruction[] = [];

  constructor(options: ResumeOptions, engine: TradingEngine, echo: Fact[]) {
    this.#options = options;
    this.#engine = engine;
    this.#echo = echo;
  }

  /** The inputs taken after a bar whose own facts are in the snapshot. */
  async inputsOf(position: number): Promise<void> {
    const told = await this.#told(position, position);
    // A fresh engine says its opening with its first input.
    const from = position === 0 ? 0 : told.findIndex(isInput);
    if (from === -1 || told.length === 0) return;
    this.#echo.length = 0;
    this.#finish(`inputs after bar ${position}`, { told: told.slice(from), isForgotten: this.#isForgotten(position) });
  }

  /** So many instants and what followed each of them; answers how far they came, as the cursor says it. */
  async slice(of: {
    readonly position: number;
    readonly limit: number;
    readonly after: EpochMs | null;
    readonly instants: TakenInstants;
  }): Promise<EpochMs | null> {
    const { cursor, ref } = this.#options;
    const { position, limit, instants } = of;
    const told = await this.#told(position + 1, position + limit);
    let read = 0;
    let { after } = of;
    for (let number = position + 1; number <= position + limit; number += 1) {
      const bars = await instants.at(number);
      if (bars === null)
        throw new ResumeMismatch(ref.id, `${cursor.position} bars up to ${timeText(cursor.barTime)}`, `${number - 1} bars`);
      const opening = openingOf(bars, ref);
      after = Math.max(after ?? opening, opening);
      this.#echo.length = 0;
      stepInstant(this.#engine, bars, 0, bars.length);
      this.#deliver();
      const due = countOfBar(told, read, number);
      this.#finish(`bar ${number} (${timeText(opening)})`, {
        told: told.slice(read, read + due),
        isForgotten: this.#isForgotten(number),
      });
      read += due;
    }
    return after;
  }

  /** What was said of it has left by age (retention): only its inputs are there to be given and compared. */
  #isForgotten(bar: number): boolean {
    return bar > 0 && bar <= this.#options.cursor.forgotten;
  }

  /** Gives the stored inputs again until the engine has said as much as is stored, then compares. */
  #finish(place: string, { told, isForgotten }: { readonly told: readonly ToldFact[]; readonly isForgotten: boolean }): void {
    const due = isForgotten ? told.filter(isInput) : told;
    const said = (): readonly Fact[] => (isForgotten ? this.#echo.filter((fact) => isInput({ fact })) : this.#echo);
    for (let heard = said().length; heard < due.length;) {
      const next = due.slice(heard).find(isInput);
      if (next === undefined) break;
      this.#engine.next((next.fact as InputFact).data);
      this.#deliver();
      const now = said().length;
      if (now === heard) break;
      heard = now;
    }
    compare(
      place,
      due.map(({ fact }) => fact),
      said(),
    );
  }

  /** What was ordered then is with its venue, which is asked about it when it is connected; the simulated broker hears it again. */
  #deliver(): void {
    if (this.#options.hasVenue === true) this.lastOrders = this.#engine.takeOrders();
    else this.#engine.deliver();
  }

  /** Without the words about late bars and filled holes, which no engine hears. */
  async #told(from: number, until: number): Promise<readonly ToldFact[]> {
    const { store, ref } = this.#options;
    const told = await store.toldByEngine(ref.id, { from, until, limit: FACTS_PER_SLICE });
    return told.filter(({ fact }) => !UNHEARD_TYPES.includes(fact.kind));
  }
}

function seriesOf({ series, watched }: EngineRef): readonly Series[] {
  return watched ?? [series];
}

/** Opening time of a bar of the engine's own series that closes with the instant. */
function openingOf(bars: InstantRows, ref: EngineRef): EpochMs {
  return closingOf(bars, 0, seriesOf(ref)) - TIMEFRAME_MS[ref.series.timeframe];
}

/** The instants behind the snapshot, as they were taken. */
async function instantsFrom({ store, ref, cursor }: ResumeOptions, { engine, position, barTime }: Start): Promise<TakenInstants> {
  const series = seriesOf(ref);
  const after = series.length === 1 ? [barTime] : series.map((_, place) => engine.newestOf(place));
  const late = await LateBars.load(store, { id: ref.id, series }, { after: position, until: cursor.position });
  return new TakenInstants({ store, series, after, late });
}

type InputFact = Extract<Fact, { readonly kind: 'input.broker' | 'input.clock' | 'input.command' }>;

function isInput({ fact }: Pick<ToldFact, 'fact'>): boolean {
  return fact.kind.startsWith('input.');
}

interface Start {
  readonly engine: TradingEngine;
  readonly position: number;
  readonly barTime: EpochMs | null;
  readonly snapshotRefused: string | null;
}

/** From the newest snapshot; from the first bar when there is none, or when it is of another version. */
async function restored({ store, ref, cursor, factory }: ResumeOptions, sink: (fact: Fact) => void): Promise<Start> {
  let snapshotRefused: string | null = null;
  try {
    const snapshot = cursor.position === 0 ? null : await store.newestSnapshot(ref.id);
    if (snapshot !== null && snapshot.position <= cursor.position) {
      const engine = factory.restore(snapshot.bytes, sink);
      return { engine, position: snapshot.position, barTime: snapshot.barTime, snapshotRefused };
    }
    if (snapshot !== null) snapshotRefused = `it holds ${snapshot.position} bars, the store ${cursor.position}`;
  } catch (error) {
    // A snapshot is a shortcut: without it the engine walks the whole way, and the comparison below judges where it arrives.
    snapshotRefused = error instanceof Error ? error.message : String(error);
  }
  return { engine: factory.create(sink), position: 0, barTime: null, snapshotRefused };
}

function countOfBar(stored: readonly { readonly bar: number }[], from: number, bar: number): number {
  let to = from;
  while (to < stored.length && stored[to].bar === bar) to += 1;
  return to - from;
}

function compare(place: string, stored: readonly Fact[], now: readonly Fact[]): void {
  const length = Math.max(stored.length, now.length);
  for (let i = 0; i < length; i += 1) {
    const expected = textOf(stored[i]);
    const was = textOf(now[i]);
    if (expected !== was) throw new ResumeMismatch(`${place}, fact ${i + 1}`, shortened(expected), shortened(was));
  }
}

async function compareAccount({ store, ref, cursor }: ResumeOptions, engine: TradingEngine): Promise<void> {
  // Before the first bar the store holds the account it was opened with.
  if (cursor.position === 0) return;
  const { account } = engine.report();
  const expected = JSON.stringify(await store.account(account.id));
  const was = JSON.stringify(account);
  if (expected !== was) throw new ResumeMismatch(`${ref.id}, account`, shortened(expected), shortened(was));
}

function textOf(fact: Fact | undefined): string {
  return fact === undefined ? 'nothing' : `${fact.kind} ${fact.at} ${JSON.stringify(fact.data)}`;
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function timeText(time: EpochMs | null): string {
  return time === null ? 'none' : new Date(time).toISOString();
}
