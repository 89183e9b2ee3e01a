/** One message, serialised once and shared by every connection that gets it (M14). */
import { FACT_TOPIC, type FactRow, type ServerFrame, type FactTopic } from '@wyckoff/contracts';
import type { ConflatedValue } from '../session/desk.ts';
import { topicBit } from './topic.ts';

/** The series of a bar, for the note that bars were left out. */
export interface BarPlace {
  readonly topic: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly openTs: number;
}

export interface Frame {
  readonly bytes: Uint8Array;
  readonly topic: string;
  /** 0 for a series. */
  readonly bit: number;
  /** Number of the fact; 0 when conflated. */
  readonly seq: number;
  /** Monotonic time of publication. */
  readonly atMs: number;
  /** Conflation key, unique over all topics; null for a fact. */
  readonly key: string | null;
  readonly bar: BarPlace | null;
}

export interface FactFrame extends Frame {
  readonly topic: FactTopic;
}

/** Outside of Node's shared slabs: a frame kept in a ring must not keep its neighbours. */
export function encode(message: ServerFrame): Uint8Array {
  const text = JSON.stringify(message);
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

export function factFrame(fact: FactRow, atMs: number): FactFrame {
  const topic = FACT_TOPIC[fact.type];
  const bytes = encode({ op: 'event', topic, type: fact.type, ts: fact.at, seq: fact.seq, data: fact.data });
  return { bytes, topic, bit: topicBit(topic), seq: fact.seq, atMs, key: null, bar: null };
}

export function valueFrame(value: ConflatedValue, atMs: number): Frame {
  const { topic, type, ts, key, data } = value;
  const bytes = encode({ op: 'event', topic, type, ts, key, data });
  const bar: BarPlace | null =
    value.type === 'bar.closed'
      ? { topic, symbol: value.data.symbol, timeframe: value.data.timeframe, openTs: value.data.ts }
      : null;
  return { bytes, topic, bit: topicBit(topic), seq: 0, atMs, key: `${topic}|${type}|${key}`, bar };
}

/** Tells that bars of a series were left out from `place.openTs` on: the client reads them again. */
export function gapFrame(place: BarPlace, atMs: number): Frame {
  const { topic, symbol, timeframe, openTs } = place;
  const key = `${symbol}|${timeframe}|bars.gap`;
  const bytes = encode({ op: 'event', topic, type: 'bars.gap', ts: openTs, key, data: { symbol, timeframe, from: openTs } });
  return { bytes, topic, bit: 0, seq: 0, atMs, key, bar: null };
}
