/** The store's side of jobs: their state, their trades in batches of 100 (C9), their parts, and results as blobs (M7). */
import type { EpochMs } from '@wyckoff/domain';

export const JOB_STATES = ['QUEUED', 'RUNNING', 'CANCELLING', 'CANCELLED', 'COMPLETED', 'FAILED'] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface JobRow {
  /** Time-ordered (UUID v7). */
  readonly id: string;
  readonly userId: string;
  readonly kind: string;
  readonly status: JobState;
  readonly params: unknown;
  readonly idempotencyKey: string;
  readonly done: number;
  readonly total: number;
  readonly heartbeatAt: EpochMs | null;
  readonly problem: unknown;
  readonly summary: unknown;
  readonly manifest: unknown;
  readonly createdAt: EpochMs;
  readonly startedAt: EpochMs | null;
  readonly finishedAt: EpochMs | null;
}

/** What may change of a job; absent = as it is. */
export type JobChange = Partial<Omit<JobRow, 'id' | 'userId' | 'kind' | 'params' | 'idempotencyKey' | 'createdAt'>>;

/** A trade of a job. Numbers are as backtesting.md has them; quantities and money in micros. */
export interface JobTradeRow {
  /** 1, 2, ... per job. */
  readonly n: number;
  readonly symbol: string;
  readonly timeframe: string;
  readonly pattern: string;
  readonly direction: 'LONG' | 'SHORT';
  readonly campaign: string;
  readonly leg: string;
  readonly confidence: number;
  readonly entryAt: EpochMs;
  readonly entry: number;
  readonly qtyMicros: number;
  readonly initialStop: number;
  readonly exitAt: EpochMs;
  readonly exit: number;
  readonly reason: string;
  readonly grossMicros: number;
  readonly commissionMicros: number;
  readonly slippageMicros: number;
  readonly impactMicros: number;
  readonly borrowMicros: number;
  readonly netMicros: number;
  readonly grossR: number | null;
  readonly netR: number | null;
  readonly mfeR: number | null;
  readonly maeR: number | null;
  readonly bars: number;
}

export interface JobTaskRow {
  readonly jobId: string;
  /** Hash of what the part computes, lower-case hex. */
  readonly key: string;
  readonly params: unknown;
  readonly state: 'WAITING' | 'RUNNING' | 'DONE' | 'FAILED';
  readonly attempts: number;
  /** At most 16 KiB as JSON. */
  readonly result: unknown;
}

export interface BlobOwner {
  readonly kind: 'JOB' | 'ENGINE';
  readonly id: string;
}

export interface JobStore {
  /** Adds the job; with a key this user has used before it answers that job instead, and adds nothing. */
  addJob(job: JobRow): Promise<{ readonly job: JobRow; readonly isNew: boolean }>;
  /** Answers the job as it is now; null when there is none. */
  changeJob(id: string, change: JobChange): Promise<JobRow | null>;
  job(id: string): Promise<JobRow | null>;
  /** Newest first, at most `limit` (1..200). */
  jobs(query: {
    readonly userId?: string | undefined;
    readonly kind?: string | undefined;
    readonly status?: JobState | undefined;
    readonly belowId?: string | undefined;
    readonly limit: number;
  }): Promise<readonly JobRow[]>;
  /** QUEUED, RUNNING, CANCELLING: oldest first, at most 1,000. */
  activeJobs(): Promise<readonly JobRow[]>;
  /** With trades, parts and blobs; false when there was none. */
  deleteJob(id: string): Promise<boolean>;
  /** One batch (at most 1,000) in one transaction. */
  addJobTrades(jobId: string, trades: readonly JobTradeRow[]): Promise<void>;
  /** Oldest first, at most `limit` (1..10,000). */
  jobTrades(
    jobId: string,
    query: { readonly after?: number | undefined; readonly limit: number },
  ): Promise<readonly JobTradeRow[]>;
  countJobTrades(jobId: string): Promise<number>;
  /** Adds or replaces parts, at most 1,000 at once. */
  saveJobTasks(tasks: readonly JobTaskRow[]): Promise<void>;
  jobTasks(
    jobId: string,
    query: { readonly state?: JobTaskRow['state'] | undefined; readonly afterKey?: string | undefined; readonly limit: number },
  ): Promise<readonly JobTaskRow[]>;
  countJobTasks(jobId: string): Promise<Readonly<Record<JobTaskRow['state'], number>>>;
  /** Compressed and cut into rows of 256 KiB; replaces what was there. */
  saveBlob(owner: BlobOwner, part: string, bytes: Uint8Array): Promise<void>;
  blob(owner: BlobOwner, part: string): Promise<Uint8Array | null>;
}
