/** How a venue's stream speaks: what is sent to it, and what its messages mean. */
import type { SeriesKey } from './series-key.ts';
import type { Timeframe } from '@wyckoff/domain';

/** A bar as the stream says it; not judged yet. */
export interface StreamBar {
  /** The stream it came on: `streamOf` of its series. */
  readonly stream: string;
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** What a message can mean. */
export interface DialectSink {
  /** Connected, and accepted where a login is needed. */
  readonly welcome: () => void;
  readonly refused: (reason: string) => void;
  readonly fail: (reason: string) => void;
  /** The venue has taken a subscription: from now on no bar of it can be missed. */
  readonly subscribed: () => void;
  /** Said by the venue, of interest to people, and no end of the connection. */
  readonly notice: (reason: string) => void;
  /** How old the message is, ms. */
  readonly age: (ms: number) => void;
  readonly bar: (bar: StreamBar, kind: 'closed' | 'forming' | 'revised') => void;
}

export interface StreamDialect {
  readonly url: string;
  /** The venue wants a login. */
  readonly login: boolean;
  /** What the stream carries; other timeframes are polled. */
  readonly timeframes: readonly Timeframe[];
  /** Streams one connection may carry. */
  readonly maxStreams: number;
  /** Shortest time between two rounds of at most two control messages, ms. */
  readonly controlEveryMs: number;
  /** Connections are renewed at this age, ms. */
  readonly ageMs?: number;
  /** The name of a series' stream. */
  streamOf(series: SeriesKey): string;
  /** Sent when the socket has opened. */
  hello(): string;
  subscribe(streams: readonly string[]): string;
  unsubscribe(streams: readonly string[]): string;
  /** @throws when the message is none of the protocol. */
  decode(text: string, sink: DialectSink): void;
}
