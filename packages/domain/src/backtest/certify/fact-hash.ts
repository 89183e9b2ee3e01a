/** A number for everything a detector says at one bar: records, phase steps, levels. */
import type { DetectionEvent } from '../../wyckoff/event.ts';
import type { Subject } from './subject.ts';

/** FNV-1a over the characters, two lanes folded into one exact number; 0 is kept for "nothing said". */
export function hashText(text: string): number {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b) + i;
  }
  return (a >>> 0) * 0x100000 + ((b >>> 0) & 0xfffff) + 1;
}

/** Everything said at a bar, as text; empty when nothing was. */
export type Reading = (subject: Subject, records: readonly DetectionEvent[]) => string;

/** Reads a subject bar by bar: its records in full, its phase steps, and state and edges of its range when its revision moves. */
export function fullReading(): Reading {
  let sinceSeq = -1;
  let revision = NaN;
  return (subject, records) => {
    let text = records.length === 0 ? '' : JSON.stringify(records);
    if (subject.revision !== revision) {
      revision = subject.revision;
      for (const step of subject.transitions(sinceSeq)) {
        sinceSeq = Math.max(sinceSeq, step.seq);
        text += `|${step.hypothesis}:${step.bar}:${step.from ?? '-'}>${step.to ?? '-'}:${step.cause}`;
      }
      const { range } = subject.view();
      if (range !== null) text += `|${range.rangeId}:${range.state}:${range.support.edge}:${range.resistance.edge}`;
    }
    return text;
  };
}

/** Only what must survive another unit of price and volume: identity, status and confidence (P5). */
export function scaleFreeReading(): Reading {
  return (_subject, records) => records.map((r) => `${r.id}:${r.status}:${r.confirmBar}:${r.confidence ?? '-'}`).join('|');
}
