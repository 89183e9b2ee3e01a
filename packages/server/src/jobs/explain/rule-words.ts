/** A judged condition in a trader's words: what was asked, in which unit, and how much there was to spare. */
import type { TracedCondition } from '@wyckoff/domain';

export type Unit =
  | 'x usual volume'
  | 'units of volume'
  | 'x usual spread'
  | 'share of the bar'
  | 'price'
  | 'bars'
  | 'phase'
  | 'points'
  | 'yes or no';

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

/** Gates between a record and a trade. */
function gateWords({ kind, code }: TracedCondition): Words {
  const points = { unit: 'points', asked: 'at least' } as const;
  const plain = (condition: string): Words => ({ condition, unit: 'yes or no', asked: 'at least' });
  switch (code) {
    case 'RANGE_QUALITY':
      return { condition: 'quality of the range', ...points };
    case 'LEVEL_STRENGTH':
      return { condition: 'strength of the level it uses', ...points };
    case 'PHASE_CONFIDENCE':
      return { condition: 'confidence in the phase', ...points };
    case 'CONFIDENCE':
      return { condition: 'confidence in the event', ...points };
    case 'HYPOTHESIS_CONFLICT':
      return plain('its side leads the other');
    case 'AWAIT_TEST':
      return plain('tested before it is traded');
    case 'AWAIT_LPS':
      return plain('a direct entry, not the break itself');
    case 'IN_RANGE':
      return plain('outside the range');
    case 'SESSION':
      return plain('a session that is traded');
    case 'NO_VOLUME':
      return plain('volume to judge by');
    case 'HTF_CONFLICT':
      return plain('the timeframe above does not oppose it');
    case 'ANOMALY':
      return plain('no news on the bar');
    case 'VOLUME_TOO_HIGH':
      return plain('a quiet Spring, no Shakeout');
    case 'VOLUME_TOO_LOW':
      return kind === 'SOS' || kind === 'SOW'
        ? { condition: 'volume of a direct entry', unit: 'x usual volume', asked: 'at least' }
        : plain('an upthrust on enough volume');
    case 'PREMATURE':
      return plain('phase B was old enough, or much speaks for it');
    default:
      return plain('an entry of its kind and phase');
  }
}

function plainWords(rule: TracedCondition, volume: number): Words {
  if (rule.gate === true) return gateWords(rule);
  const { kind, code, hypothesis, value, limit } = rule;
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
