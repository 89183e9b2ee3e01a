/** The books of all out-queues together: one line of the census, and the sum the total bound is checked against. */
import type { CensusFigures, CensusMember, DropReason } from '@wyckoff/bounded';
import { count } from './counts.ts';
import type { Frame } from './frame.ts';
import { topicLabel } from './topic.ts';

/** Place in a queue beside the shared bytes of a frame. */
export const PLACE_BYTES = 96;

export class QueueBooks implements CensusMember {
  readonly name = 'server.ws.queues';
  readonly kind = 'queue';
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  readonly #droppedByTopic: Map<string, number>;
  // bounded: keys are the reasons of `bounded`, a closed set.
  readonly #drops: Partial<Record<DropReason, number>> = {};
  #accepted = 0;
  #delivered = 0;
  #size = 0;
  #bytes = 0;
  #highWater = 0;

  constructor(options: { readonly maxFrames: number; readonly maxBytes: number; readonly droppedByTopic: Map<string, number> }) {
    this.#maxFrames = Math.min(options.maxFrames, Math.floor(options.maxBytes / PLACE_BYTES));
    this.#maxBytes = options.maxBytes;
    this.#droppedByTopic = options.droppedByTopic;
  }

  /** Bytes waiting in all queues, places included; a frame that waits in ten of them counts ten times. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Frames waiting in all queues. */
  get size(): number {
    return this.#size;
  }

  accept(frame: Frame): void {
    this.#accepted += 1;
    this.#size += 1;
    this.#bytes += frame.bytes.byteLength + PLACE_BYTES;
    this.#highWater = Math.max(this.#highWater, this.#size);
  }

  /** A frame that was offered and never got in. */
  refuse(frame: Frame): void {
    this.#accepted += 1;
    this.#lose('refused');
    if (frame.key !== null) count(this.#droppedByTopic, topicLabel(frame.topic));
  }

  deliver(frame: Frame): void {
    this.#delivered += 1;
    this.#out(frame);
  }

  /** `replaced` by a newer value is no loss to the client, so it does not count as dropped on its topic. */
  drop(frame: Frame, reason: DropReason): void {
    this.#out(frame);
    this.#lose(reason);
    if (frame.key !== null && (reason === 'oldest' || reason === 'expired')) count(this.#droppedByTopic, topicLabel(frame.topic));
  }

  figures(): CensusFigures {
    const dropped = Object.values(this.#drops).reduce((sum, n) => sum + n, 0);
    return {
      size: this.#size,
      capacity: this.#maxFrames,
      bytes: this.#bytes,
      limitBytes: this.#maxBytes,
      highWater: this.#highWater,
      accepted: this.#accepted,
      delivered: this.#delivered,
      held: this.#size,
      evicted: this.#drops.oldest ?? 0,
      dropped,
      droppedBy: { ...this.#drops },
    };
  }

  #out(frame: Frame): void {
    this.#size -= 1;
    this.#bytes -= frame.bytes.byteLength + PLACE_BYTES;
  }

  #lose(reason: DropReason): void {
    this.#drops[reason] = (this.#drops[reason] ?? 0) + 1;
  }
}
