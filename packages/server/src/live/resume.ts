/** Where a client that says hello goes on: by replay where the rings reach back, by snapshot where they do not (interface.md 3.3). */
import { FACT_TOPICS, type FactTopic, type RESUMES, type RESYNC_REASONS } from '@wyckoff/contracts';

export type Resume = (typeof RESUMES)[number];
export type ResyncReason = (typeof RESYNC_REASONS)[number];

export interface Said {
  readonly epoch: string | null;
  readonly lastSeq: number | null;
  /** Fact topics asked for. */
  readonly topics: readonly FactTopic[];
}

export interface Known {
  readonly epoch: string;
  readonly head: number;
  floor(topic: FactTopic): number;
  countAfter(seq: number, topics: readonly FactTopic[]): number;
}

export interface ResumePlan {
  readonly resume: Resume;
  /** Topics that must be taken from a snapshot although the client held something; null without any. */
  readonly resync: { readonly topics: FactTopic[]; readonly reason: ResyncReason } | null;
  /** Where each topic goes on, by its place in FACT_TOPICS; -1: not asked for. */
  readonly positions: readonly number[];
}

/** More than this is a snapshot's work. */
export const MOST_REPLAYED = 2_000;

export function planResume(said: Said, known: Known): ResumePlan {
  const fresh = (resync: ResumePlan['resync']): ResumePlan => ({
    resume: 'SNAPSHOT',
    resync,
    positions: positions(said.topics, () => known.head),
  });
  const because = (reason: ResyncReason): ResumePlan =>
    fresh(said.topics.length === 0 ? null : { topics: [...said.topics], reason });
  const { epoch, lastSeq } = said;
  if (epoch === null || lastSeq === null) return fresh(null);
  if (epoch !== known.epoch || lastSeq > known.head) return because('EPOCH');
  if (lastSeq === known.head) return { ...fresh(null), resume: 'CURRENT' };
  const reaches = said.topics.filter((topic) => known.floor(topic) <= lastSeq);
  const lost = said.topics.filter((topic) => known.floor(topic) > lastSeq);
  if (reaches.length === 0) return because('TOO_OLD');
  if (known.countAfter(lastSeq, reaches) > MOST_REPLAYED) return because('TOO_FAR');
  return {
    resume: 'REPLAY',
    resync: lost.length === 0 ? null : { topics: lost, reason: 'TOO_OLD' },
    positions: positions(said.topics, (topic) => (reaches.includes(topic) ? lastSeq : known.head)),
  };
}

function positions(topics: readonly FactTopic[], of: (topic: FactTopic) => number): number[] {
  return FACT_TOPICS.map((topic) => (topics.includes(topic) ? of(topic) : -1));
}
