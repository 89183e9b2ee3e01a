/** A judged condition in a trader's words: what was asked, in which unit, and how much there was to spare. */
import type { TracedCondition } from '@wyckoff/domain';

export type Unit = 'x usual volume' | 'units of volume' | 'x usual spread' | 'share of the bar' | 'price' | 'bars' | 'phase';

export interface RuleWords {
  /** "close beyond the edge by a margin", without figures. */
  readonly condition: string;
  readonly unit: Unit;
  readonly asked: 'at least' | 'at most';
  /** Distance to the limit in the unit, above 0 where there was room; null where either figure is unknown. */
  readonly spare: number | null;
}

type Words = Pick<RuleWords, 'condition' | 'unit' | 'asked'>;

/** @param volume Of the bar that was judged: a volume told in units, not as a ratio, is known by it. */
export function wordsOf(rule: TracedCondition, volume: number): RuleWords {
  const words = plainWords(rule, volume);
  const distance = words.asked === 'at least' ? rule.value - rule.limit : rule.limit - rule.value;
  return { ...words, spare: Number.isFinite(distance) ? distance : null };
}

function plainWords({ kind, code, hypothesis, value, limit }: TracedCondition, volume: number): Words {
  const up = hypothesis > 0;
  /** A price that must stay above its limit for accumulation stays below it for distribution. */
  const hold = up ? 'at least' : 'at most';
  switch (code) {
    case 'VOLUME_TOO_HIGH':
      return value === volume && limit !== value
        ? { condition: 'less volume than the climax', unit: 'units of volume', asked: 'at most' }
        : { condition: 'quiet volume', unit: 'x usual volume', asked: 'at most' };
    case 'VOLUME_TOO_LOW':
      return { condition: 'volume, the effort', unit: 'x usual volume', asked: 'at least' };
    case 'SPREAD_NARROW':
      return { condition: 'a wide bar', unit: 'x usual spread', asked: 'at least' };
    case 'WEAK_CLOSE':
      return { condition: `close away from its ${up ? 'low' : 'high'}`, unit: 'share of the bar', asked: 'at least' };
    case 'TOO_DEEP':
      return { condition: `depth beyond the ${up ? 'support' : 'resistance'}`, unit: 'price', asked: 'at most' };
    case 'TOO_SHALLOW':
      return { condition: `close clear ${up ? 'above resistance' : 'below support'}`, unit: 'price', asked: hold };
    case 'NO_BOUNCE':
      return { condition: `close that ${up ? 'bounces' : 'turns down'} from it`, unit: 'price', asked: hold };
    case 'BROKE_LEVEL':
      return kind === 'SC' || kind === 'BC'
        ? { condition: `how far its ${up ? 'low' : 'high'} was passed`, unit: 'price', asked: 'at most' }
        : { condition: `${up ? 'low above' : 'high below'} what must hold`, unit: 'price', asked: hold };
    case 'NO_RECOVERY':
      return { condition: 'bars until it is taken back', unit: 'bars', asked: 'at most' };
    case 'TIMEOUT':
      return { condition: 'bars of waiting', unit: 'bars', asked: 'at most' };
    case 'PREMATURE':
      return { condition: 'age of phase B', unit: 'bars', asked: 'at least' };
    case 'ANOMALY':
      return { condition: 'volume that can be believed', unit: 'x usual volume', asked: 'at most' };
    case 'LOW_HISTORY':
      return { condition: 'volume at this time of day is known', unit: 'x usual volume', asked: 'at least' };
    default:
      return { condition: 'a phase in which it counts', unit: 'phase', asked: 'at least' };
  }
}
