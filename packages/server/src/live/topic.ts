/** Topics of the stream: the fixed ones as bits of one number per connection, the series by name (interface.md 3.4). */
import { FACT_TOPICS, type FactTopic } from '@wyckoff/contracts';

const FIXED = [...FACT_TOPICS, 'account', 'connections'] as const;

/** All fact topics at once. */
export const ALL_FACTS = (1 << FACT_TOPICS.length) - 1;

/** The bit of a fixed topic; 0 for a series or a topic that does not exist yet. */
export function topicBit(topic: string): number {
  const place = FIXED.indexOf(topic as (typeof FIXED)[number]);
  return place < 0 ? 0 : 1 << place;
}

export function isSeries(topic: string): boolean {
  return topic.startsWith('bars:');
}

/** Names of the fixed topics in a set of bits. */
export function topicNames(bits: number): string[] {
  return FIXED.filter((_topic, place) => (bits & (1 << place)) !== 0);
}

export function factTopics(bits: number): FactTopic[] {
  return FACT_TOPICS.filter((_topic, place) => (bits & (1 << place)) !== 0);
}

/** Topics that carry values: all but those of facts alone. */
export function isConflated(topic: string): boolean {
  return (topicBit(topic) & ALL_FACTS) === 0 || topic === 'positions';
}

/** What a topic counts as in the metrics: a closed set of labels (L7). */
export function topicLabel(topic: string): string {
  return isSeries(topic) ? 'bars' : topic;
}
