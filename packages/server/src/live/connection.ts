/** What is held for one client of the stream: small, since there may be thousands (C1, at most 12 KB with its socket). */
import type { WheelTimer } from '@wyckoff/bounded';
import type { OutQueue } from './out-queue.ts';
import type { Transport } from './transport.ts';

/** Waiting for `hello`; reading from the rings; getting everything as it happens; gone. */
export type Stage = 'greeting' | 'replaying' | 'live' | 'closed';

/** Where a replay has come to. It holds no messages: it reads the rings. */
export interface Cursor {
  /** Number up to which each fact topic has been handed over; -1 leaves a topic out. */
  readonly positions: number[];
  readonly from: number;
  count: number;
}

export class Connection {
  readonly id: number;
  readonly transport: Transport;
  /** Whether it came with an `Origin`, that is from a page of ours; programs show the local token instead. */
  readonly fromPage: boolean;
  readonly openedMs: number;
  stage: Stage = 'greeting';
  user = '';
  tab = '';
  /** Fixed topics, as bits. */
  topics = 0;
  /** Topics `bars:...`; null without any. */
  series: readonly string[] | null = null;
  cursor: Cursor | null = null;
  queue: OutQueue | null = null;
  /** Facts handed to the transport on this connection, and the number up to which nothing is missing. */
  sentFacts = 0;
  sentSeq = 0;
  /** Only what comes from the peer counts as life. */
  lastSeenMs: number;
  /** When the ping that awaits its pong was sent; null between pong and next ping. */
  pingedMs: number | null = null;
  nextPingMs = Infinity;
  /** Allowance for incoming frames. */
  tokens: number;
  tokensAtMs: number;
  /** Its one entry in the timer wheel, and when that is due. */
  timer: WheelTimer | null = null;
  timerMs = Infinity;

  constructor(
    id: number,
    transport: Transport,
    options: { readonly nowMs: number; readonly burst: number; readonly fromPage: boolean },
  ) {
    this.id = id;
    this.transport = transport;
    this.fromPage = options.fromPage;
    this.openedMs = this.lastSeenMs = this.tokensAtMs = options.nowMs;
    this.tokens = options.burst;
  }
}
