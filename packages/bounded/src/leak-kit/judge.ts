/** Judges one scenario by three witnesses: growth of the heap over N .. 10 N, instances by constructor, and watched objects. */
import { setTimeout as pause } from 'node:timers/promises';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { collectGarbage } from './garbage.ts';
import type { Countable, Judgement, LeakCase, Repeat, Watch } from './leak-case.ts';
import { fitSlope, type Point, type Slope } from './slope.ts';

/** Multiples of N; out of order, so that a drift of the process in time does not pass for growth with N. */
const SIZES = [4, 1, 10, 7, 2, 8, 1, 10, 5, 3];
const JUDGED_PASSES = 2;
const MOST_PASSES = 8;
/** Looks for what is left over: twenty times, 50 ms apart, and only while there is something. */
const PATIENT_ROUNDS = 20;
const PAUSE_MS = 50;
const HELD_BY_COMPILER = 4;
/** Watched objects: enough to see a leak, few enough not to be one. */
const MOST_WATCHED = 1_000;

/**
 * Runs warm-up and samples and gives the verdict. More samples are taken while the confidence bound straddles the tolerance;
 * when it still does in the end, the scenario is unjudged, which counts as failed.
 */
export async function judgeLeak(subject: LeakCase, run: Repeat = subject.run): Promise<Judgement> {
  const repetitions = subject.repetitions ?? 500;
  const tolerance = subject.toleranceBytes ?? 4;
  steadyHeap();
  const before = countInstances(subject.constructors ?? []);

  let floorBytes = await collectGarbage();
  let points: Point[] = [];
  let slope: Slope | undefined;
  for (let pass = 0; pass < MOST_PASSES && !decides(slope, tolerance); pass += 1) {
    const fresh: Point[] = [];
    for (const size of SIZES) {
      await run(size * repetitions, ignore);
      const beforeBytes = floorBytes;
      floorBytes = await collectGarbage();
      fresh.push({ x: size * repetitions, y: floorBytes - beforeBytes });
    }
    // The first pass is warm-up: compiled code, shapes and lazy caches are allocated once and are no leak. Some settle late, so
    // only the latest passes are judged; a leak shows in every one of them.
    points = pass === 0 ? [] : [...points, ...fresh].slice(-JUDGED_PASSES * SIZES.length);
    if (pass >= JUDGED_PASSES) slope = fitSlope(points);
  }
  // Watching costs memory of its own, so it has a run of its own.
  const watched = new Watched();
  await run(Math.min(repetitions, MOST_WATCHED), watched.watch);
  const left = await whatIsLeft(watched, () => difference(countInstances(subject.constructors ?? []), before));
  return verdict({ slope, tolerance, ...left });
}

/** The compiler works beside us and holds a few objects while it does; what is still there after a second, somebody keeps. */
async function whatIsLeft(
  watched: Watched,
  count: () => Record<string, number>,
): Promise<Pick<Evidence, 'survivors' | 'leftOver'>> {
  for (let round = 1; ; round += 1) {
    const survivors = await watched.survivors();
    const leftOver = count();
    const most = Math.max(survivors, ...Object.values(leftOver));
    if (most === 0 || most > HELD_BY_COMPILER || round === PATIENT_ROUNDS) return { survivors, leftOver };
    await pause(PAUSE_MS);
  }
}

/** Whether the twin of a case is caught; a twin that is not caught means a check that cannot fail. */
export async function judgeTwin(subject: LeakCase): Promise<Judgement | undefined> {
  return subject.twin === undefined ? undefined : judgeLeak(subject, subject.twin);
}

/** Instances now alive, subclasses counted too. The runtime collects garbage before it counts. */
export function countInstances(constructors: readonly Countable[]): Record<string, number> {
  return Object.fromEntries(constructors.map((type) => [type.name, queryObjects(type as never, { format: 'count' })]));
}

function decides(slope: Slope | undefined, tolerance: number): boolean {
  return slope !== undefined && (slope.high <= tolerance || slope.low > tolerance);
}

interface Evidence {
  readonly slope: Slope | undefined;
  readonly tolerance: number;
  readonly survivors: number;
  readonly leftOver: Readonly<Record<string, number>>;
}

function verdict({ slope, tolerance, survivors, leftOver }: Evidence): Judgement {
  const figures = {
    slopeBytes: slope?.slope ?? null,
    lowBytes: slope?.low ?? null,
    highBytes: slope?.high ?? null,
    leftOver,
    survivors,
  };
  const reasons = [
    ...(slope !== undefined && slope.low > tolerance ? [`grows by ${slope.slope.toFixed(1)} bytes per repetition`] : []),
    ...(survivors > 0 ? [`${survivors} watched objects are still reachable`] : []),
    ...Object.entries(leftOver).map(([name, count]) => `${count} ${name} left over`),
  ];
  if (reasons.length > 0) return { ...figures, judged: true, verdict: 'leak', why: reasons.join('; ') };
  if (slope !== undefined && decides(slope, tolerance))
    return { ...figures, judged: true, verdict: 'clean', why: 'nothing grows' };
  return {
    ...figures,
    judged: false,
    verdict: 'unjudged',
    why: `the slope's bounds straddle the tolerance of ${tolerance} bytes; raise the repetitions`,
  };
}

function difference(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  const grown = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

/** Objects that must be gone in the end; a `WeakRef` observes and never keeps. */
class Watched {
  readonly #references: WeakRef<object>[] = [];

  readonly watch: Watch = (object) => {
    if (this.#references.length < MOST_WATCHED) this.#references.push(new WeakRef(object));
  };

  async survivors(): Promise<number> {
    await collectGarbage();
    return this.#references.filter((reference) => reference.deref() !== undefined).length;
  }
}

function ignore(): void {
  // Only the last run watches.
}

/** The runtime throws code away that was not used for some collections, only to make it again: noise of kilobytes. */
function steadyHeap(): void {
  setFlagsFromString('--no-flush-bytecode');
}
