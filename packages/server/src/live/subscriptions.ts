/** Which connection wants which topic; a series nobody listens to is forgotten. */
import type { Connection } from './connection.ts';
import { ALL_FACTS, isSeries, topicBit, topicNames } from './topic.ts';

export interface RefusedTopic {
  topic: string;
  code: string;
}

export const MAX_TOPICS = 64;
export const MAX_SERIES = 10;

export class Subscriptions {
  // bounded: at most 10 series per connection; an entry leaves with its last listener.
  readonly #bySeries = new Map<string, Set<Connection>>();

  /** Series somebody listens to. */
  get series(): number {
    return this.#bySeries.size;
  }

  of(connection: Connection): string[] {
    return [...topicNames(connection.topics), ...(connection.series ?? [])];
  }

  /** A copy: listeners may come and go while it is walked. */
  listeners(series: string): readonly Connection[] {
    return [...(this.#bySeries.get(series) ?? [])];
  }

  /** Adds what may be added and answers what may not. */
  add(connection: Connection, topics: readonly string[]): RefusedTopic[] {
    const refused: RefusedTopic[] = [];
    for (const topic of topics) {
      const bit = topicBit(topic);
      const known = connection.series ?? [];
      if (bit !== 0) connection.topics |= bit;
      else if (!isSeries(topic)) refused.push({ topic, code: 'resource.not_found' });
      else if (known.includes(topic)) continue;
      else if (known.length >= MAX_SERIES || this.of(connection).length >= MAX_TOPICS)
        refused.push({ topic, code: 'resource.limit' });
      else this.#listen(connection, topic);
    }
    return refused;
  }

  remove(connection: Connection, topic: string): void {
    const bit = topicBit(topic);
    connection.topics &= ~bit;
    const place = Math.log2(bit & ALL_FACTS);
    if (connection.cursor !== null && place >= 0) connection.cursor.positions[place] = -1;
    connection.queue?.forget(topic);
    if (bit === 0) this.#leave(connection, topic);
  }

  removeAll(connection: Connection): void {
    for (const topic of connection.series ?? []) this.#leave(connection, topic);
    connection.topics = 0;
  }

  #listen(connection: Connection, topic: string): void {
    connection.series = [...(connection.series ?? []), topic];
    const listeners = this.#bySeries.get(topic);
    if (listeners === undefined) this.#bySeries.set(topic, new Set([connection]));
    else listeners.add(connection);
  }

  #leave(connection: Connection, topic: string): void {
    const left = (connection.series ?? []).filter((one) => one !== topic);
    connection.series = left.length === 0 ? null : left;
    const listeners = this.#bySeries.get(topic);
    listeners?.delete(connection);
    if (listeners?.size === 0) this.#bySeries.delete(topic);
  }
}
