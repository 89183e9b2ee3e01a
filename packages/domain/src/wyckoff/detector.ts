/** The streaming Wyckoff detector: closed bars in, append-only records out; no clock, no I/O, no randomness. */
import type { Bar, Instrument, Timeframe } from '../bar/bar.ts';
import type { BarContext } from './context.ts';
import type { DetectionEvent, Rejection } from './event.ts';
import type { Funnel } from './funnel.ts';
import type { Parameters } from './parameters.ts';
import type { RulePack } from './rule-pack.ts';
import type { TraceSink } from './trace.ts';
import type { DetectorCounters, DetectorView, PhaseTransition } from './view.ts';

export interface DetectorOptions {
  /** `classic` unless told. */
  readonly pack?: RulePack | 'strict' | 'classic';
  readonly params?: Partial<Parameters>;
  /** Also return records of status `candidate` and `expired`. */
  readonly emitCandidates?: boolean;
  readonly trace?: TraceSink;
}

export interface Detector {
  /** Records that became knowable at this bar; one shared frozen empty array on a quiet or refused bar. */
  onBar(bar: Bar, ctx?: BarContext): readonly DetectionEvent[];
  view(): DetectorView;
  /** The last near misses, oldest first, at most 50. */
  rejections(): Rejection[];
  /** A split or contract roll: all stored prices x factor, all stored volumes / factor. */
  adjust(priceFactor: number): void;
  snapshot(): Uint8Array;
  /** Accepted bars so far; unchanged by a bar that was refused. */
  readonly bars: number;
  readonly counters: DetectorCounters;
  /** Grows on every bar on which a range state, an edge, a phase or a suspension changed. */
  readonly revision: number;
  /** Phase transitions with `seq > sinceSeq`, oldest first; the last 16 of each hypothesis are kept. */
  transitions(sinceSeq: number): readonly PhaseTransition[];
  funnel(): Funnel;
}

/** A fresh detector for one instrument and timeframe. */
export function createDetector(_instrument: Instrument, _timeframe: Timeframe, _options: DetectorOptions = {}): Detector {
  throw new Error('detector: not finished');
}

/** A detector that continues bit-identically; throws when version, parameters or instrument differ from the snapshot's. */
export function restoreDetector(_bytes: Uint8Array, _instrument: Instrument, _timeframe: Timeframe, _options: DetectorOptions = {}): Detector {
  throw new Error('detector: not finished');
}
