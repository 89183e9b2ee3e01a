/** The books of one structure: what came in, what was delivered, what was lost and why. */

/**
 * Why an item left without being delivered.
 * `oldest`, `lowest` and `leastUsed` made room for a newer one (evictions); `refused` and `oversize` never got in.
 */
export type DropReason =
  | 'oldest'
  | 'lowest'
  | 'leastUsed'
  | 'refused'
  | 'oversize'
  | 'expired'
  | 'replaced'
  | 'removed'
  | 'cleared'
  | 'failed'
  | 'disposed';

/** Losses by reason; a reason without losses is absent. */
export type Drops = Readonly<Partial<Record<DropReason, number>>>;

/** Counts for the conservation law: accepted = delivered + dropped by reason + held. */
export class Ledger {
  #accepted = 0;
  #delivered = 0;
  // Made at the first loss: most structures never lose anything, and there is one per connection.
  #drops: Partial<Record<DropReason, number>> | undefined;

  /** Everything handed in, refused items too: they show up again under `dropped`, so nothing goes missing from the books. */
  get accepted(): number {
    return this.#accepted;
  }

  get delivered(): number {
    return this.#delivered;
  }

  get drops(): Drops {
    return this.#drops ?? {};
  }

  /** Items that had to make room for newer ones; part of `dropped`. */
  get evicted(): number {
    const drops = this.drops;
    return (drops.oldest ?? 0) + (drops.lowest ?? 0) + (drops.leastUsed ?? 0);
  }

  get dropped(): number {
    let sum = 0;
    for (const count of Object.values(this.drops)) sum += count;
    return sum;
  }

  accept(count = 1): void {
    this.#accepted += count;
  }

  deliver(count = 1): void {
    this.#delivered += count;
  }

  drop(reason: DropReason, count = 1): void {
    if (count === 0) return;
    this.#drops ??= {};
    this.#drops[reason] = (this.#drops[reason] ?? 0) + count;
  }
}
