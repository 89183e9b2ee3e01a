/** A bar in words, for those who cannot see the canvas (web.md 10). */
import type { DetectionEventWire, RangeWire } from '@wyckoff/contracts';
import { figureText, plain } from '../figure.ts';
import { eventWord, isStruck, latestPerEvent } from './event-layer.ts';
import { leadingHypothesis } from './range-layer.ts';
import type { BarTimes } from './times.ts';
import type { BarColumns } from './view.ts';
import { volumeRatio } from './volume-layer.ts';

export interface BarWordsInput {
  readonly bars: BarColumns;
  readonly index: number;
  readonly decimals: number;
  readonly times: BarTimes;
  readonly ranges: readonly RangeWire[];
  readonly events: readonly DetectionEventWire[];
}

/** Date, prices, change, volume ratio, events and phase of one bar. */
export function barWords(input: BarWordsInput): string {
  const { bars, index, decimals } = input;
  if (index < 0 || index >= bars.length) return 'No bar.';
  const price = (value: number): string => plain(value, decimals);
  const parts = [
    input.times.full(bars.t[index]),
    `open ${price(bars.o[index])}, high ${price(bars.h[index])}, low ${price(bars.l[index])}, close ${price(bars.c[index])}`,
    changeWords(input),
    volumeWords(input),
    phaseWords(input),
    ...eventWords(input),
  ];
  return `${parts.filter((part) => part !== '').join('. ')}.`;
}

function changeWords({ bars, index }: BarWordsInput): string {
  if (index === 0) return '';
  const ratio = bars.c[index] / bars.c[index - 1] - 1;
  const { text } = figureText(Math.abs(ratio), { kind: 'percent' });
  return ratio >= 0 ? `up ${text}` : `down ${text}`;
}

function volumeWords({ bars, index }: BarWordsInput): string {
  const ratio = volumeRatio(bars.v, index);
  return ratio === null ? '' : `volume ${plain(ratio, 2)} of its 20-bar mean`;
}

function phaseWords({ bars, index, ranges }: BarWordsInput): string {
  const time = bars.t[index];
  const range = ranges.findLast((one) => one.startTime <= time && (one.endTime ?? Infinity) >= time);
  const leading = range === undefined ? null : leadingHypothesis(range);
  const span = leading?.phases.findLast((one) => one.from <= time && (one.to ?? Infinity) > time);
  return span === undefined || leading === null
    ? ''
    : `${leading.hypothesis === 1 ? 'accumulation' : 'distribution'}, phase ${span.phase}`;
}

function eventWords({ bars, index, events }: BarWordsInput): readonly string[] {
  return latestPerEvent(events)
    .filter((event) => event.eventTime === bars.t[index])
    .map((event) => `${eventWord(event.kind)}${isStruck(event) ? `, ${event.status}` : ''}`);
}
