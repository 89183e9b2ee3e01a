/** The newest facts of each topic, kept for clients that come back: 1,000 events, 1 MiB, 15 minutes, filled whether or not anyone listens. */
import { FACT_TOPICS, type FactTopic } from '@wyckoff/contracts';
import { Ring, type Scope } from '@wyckoff/bounded';
import type { FactFrame } from './frame.ts';

export interface ReplayLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

export interface ReplayRingsOptions {
  readonly scope: Scope;
  readonly limits: ReplayLimits;
  /** Facts up to this number are not in the rings: where the refill from the journal began. */
  readonly floor: number;
}

/** Beside its bytes: the frame, its buffer's header. */
const FRAME_OVERHEAD = 320;

/** One topic: everything above `floor` is held. */
class TopicRing {
  readonly ring: Ring<FactFrame>;
  floor: number;

  constructor(topic: FactTopic, options: ReplayRingsOptions) {
    this.floor = options.floor;
    this.ring = new Ring({
      name: `server.ws.replay.${topic}`,
      capacity: options.limits.maxEvents,
      maxBytes: options.limits.maxBytes,
      sizeOf: (frame) => frame.bytes.byteLength + FRAME_OVERHEAD,
      scope: options.scope,
    });
  }

  push(frame: FactFrame): void {
    const left = this.ring.push(frame);
    if (left !== undefined) this.floor = left.seq;
    // Larger than the whole ring: nothing up to it can be replayed.
    if (this.ring.newest !== frame) this.floor = frame.seq;
  }

  expire(beforeMs: number): void {
    for (let oldest = this.ring.oldest; oldest !== undefined && oldest.atMs < beforeMs; oldest = this.ring.oldest) {
      this.ring.shift();
      this.floor = oldest.seq;
    }
  }

  resize(capacity: number): void {
    this.floor = this.ring.at(this.ring.size - capacity - 1)?.seq ?? this.floor;
    this.ring.resize(capacity);
  }

  /** Place of the first fact above `seq`. */
  placeAfter(seq: number): number {
    let [low, high] = [0, this.ring.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ring.at(middle)?.seq ?? Infinity) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class ReplayRings {
  readonly #topics: readonly TopicRing[];
  readonly #limits: ReplayLimits;

  constructor(options: ReplayRingsOptions) {
    this.#limits = options.limits;
    this.#topics = FACT_TOPICS.map((topic) => new TopicRing(topic, options));
  }

  push(frame: FactFrame): void {
    this.#of(frame.topic)?.push(frame);
  }

  /** Facts of the topic up to this number cannot be replayed. */
  floor(topic: FactTopic): number {
    return this.#of(topic)?.floor ?? Infinity;
  }

  /** How many facts above `seq` these topics hold. */
  countAfter(seq: number, topics: readonly FactTopic[]): number {
    return topics.reduce((sum, topic) => {
      const of = this.#of(topic);
      return of === undefined ? sum : sum + of.ring.size - of.placeAfter(seq);
    }, 0);
  }

  /** The fact with the smallest number above the position each topic (by its place in FACT_TOPICS) has come to; -1 leaves a topic out. */
  next(positions: readonly number[]): FactFrame | undefined {
    let best: FactFrame | undefined;
    for (let place = 0; place < positions.length; place += 1) {
      const of = this.#topics[place];
      const position = positions[place] ?? -1;
      if (of === undefined || position < 0) continue;
      const frame = of.ring.at(of.placeAfter(position));
      if (frame !== undefined && (best === undefined || frame.seq < best.seq)) best = frame;
    }
    return best;
  }

  /** Lets go of what is older than the limit. */
  expire(nowMs: number): void {
    for (const topic of this.#topics) topic.expire(nowMs - this.#limits.maxAgeMs);
  }

  /** Halved while memory is being shed, else whole. */
  shed(shedding: boolean): void {
    for (const topic of this.#topics) topic.resize(Math.max(1, Math.floor(this.#limits.maxEvents * (shedding ? 0.5 : 1))));
  }

  #of(topic: FactTopic): TopicRing | undefined {
    return this.#topics[FACT_TOPICS.indexOf(topic)];
  }
}
