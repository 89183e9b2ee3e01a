/** The trader's words for codes of the wire: phases, reasons, states. */
import type { DetectionEventWire, FactRow, OrderWire, PositionWire, RangeWire, SignalWire } from '@wyckoff/contracts';
import { figureText, NOTHING, plain } from '../../ui/figure.ts';
import { edgeNames, leadingHypothesis } from '../../ui/chart/range-layer.ts';

/** Full names of the events. */
export const EVENT_NAMES: Readonly<Record<DetectionEventWire['kind'], string>> = {
  PS: 'preliminary support',
  PSY: 'preliminary supply',
  SC: 'selling climax',
  BC: 'buying climax',
  AR: 'automatic rally',
  ST: 'secondary test',
  SPRING: 'spring',
  SHAKEOUT: 'shakeout',
  UTAD: 'upthrust after distribution',
  UT: 'upthrust',
  TEST: 'test',
  SOS: 'sign of strength',
  SOW: 'sign of weakness',
  LPS: 'last point of support',
  LPSY: 'last point of supply',
};

/** Name of an event under its hypothesis: a distribution has an automatic reaction. */
export function eventName(event: Pick<DetectionEventWire, 'kind' | 'hypothesis'>): string {
  return event.kind === 'AR' && event.hypothesis === -1 ? 'automatic reaction' : EVENT_NAMES[event.kind];
}

const REASONS: Readonly<Record<DetectionEventWire['reasons'][number], string>> = {
  WRONG_PHASE: 'wrong phase',
  PREMATURE: 'too early',
  VOLUME_TOO_HIGH: 'volume too high',
  VOLUME_TOO_LOW: 'volume too low',
  SPREAD_NARROW: 'spread too narrow',
  WEAK_CLOSE: 'weak close',
  TOO_DEEP: 'too deep',
  TOO_SHALLOW: 'too shallow',
  NO_RECOVERY: 'no recovery',
  NO_BOUNCE: 'no bounce',
  BROKE_LEVEL: 'broke the level',
  TIMEOUT: 'took too long',
  LOW_HISTORY: 'too little history',
  ANOMALY: 'unusual bar',
  AWAIT_TEST: 'waits for its test',
  AWAIT_LPS: 'waits for the last point of support',
  IN_RANGE: 'still in the range',
  RANGE_QUALITY: 'range quality too low',
  LEVEL_STRENGTH: 'level too weak',
  PHASE_CONFIDENCE: 'phase not sure enough',
  CONFIDENCE: 'confidence too low',
  HYPOTHESIS_CONFLICT: 'the other reading leads',
  SESSION: 'outside the session',
  HTF_CONFLICT: 'higher timeframe disagrees',
  NO_VOLUME: 'no volume',
};

/** Why a record is not traded, in words. */
export function reasonWords(reasons: readonly DetectionEventWire['reasons'][number][]): string {
  return reasons.map((reason) => REASONS[reason]).join(', ');
}

const STATUS: Readonly<Record<SignalWire['status'], string>> = {
  GENERATED: 'generated',
  PENDING: 'pending',
  APPROVED: 'approved',
  SUBMITTED: 'submitted',
  FILLED: 'filled',
  PARTIALLY_CLOSED: 'partly closed',
  REJECTED: 'refused',
  EXPIRED: 'expired',
  CANCELLED: 'cancelled',
  STOPPED: 'stopped out',
  TARGET_HIT: 'target hit',
  CLOSED: 'closed',
};

export const signalStatus = (signal: SignalWire): string => STATUS[signal.status];

/** Words of an upper-case code: `PARTIALLY_FILLED` -> `partially filled`. */
export function codeWords(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ');
}

/** What a reason means for a pattern of the signal chain, as the second half of a sentence. */
const BECAUSE: Readonly<Partial<Record<string, string>>> = {
  IN_RANGE: 'a last point inside the range is never traded',
  WRONG_PHASE: 'it belongs to another phase of the range',
  PREMATURE: 'it came before the range had built its cause',
  AWAIT_TEST: 'a shakeout is traded only after its quiet test',
  AWAIT_LPS: 'the last point after this sign is traded, not the sign itself',
};

/** Why an entry never became a position, by the code of its order. */
const ENTRY_ENDS: Readonly<Partial<Record<string, string>>> = {
  VALIDITY: 'The entry was not filled in time.',
  END_OF_DATA: 'The data ended before the entry was filled.',
};

function because(code: string): string {
  return BECAUSE[code] ?? (REASONS as Readonly<Record<string, string>>)[code] ?? codeWords(code);
}

/** A sentence of the engine without codes in it: `(IN_RANGE).` becomes what that means, `: VALIDITY.` too. */
function withoutCodes(sentence: string): string {
  const ended = /^The entry ended: ([A-Z][A-Z_]+)\.$/.exec(sentence)?.[1];
  if (ended !== undefined) return ENTRY_ENDS[ended] ?? `The entry ended: ${codeWords(ended)}.`;
  return sentence.replace(/ \(([A-Z][A-Z_]+)\)(?=\.?$)/, (_, code: string) => `: ${because(code)}`);
}

/** Why a signal was refused or came to nothing: its sentence, or the step of the chain that failed, in words. */
export function refusalSentence(signal: SignalWire): string | null {
  const sentence = signal.rejectText ?? signal.chain.find((step) => step.result === 'FAIL')?.sentence ?? null;
  return sentence === null ? null : withoutCodes(sentence);
}

/** A signal in one sentence. */
export function signalWords(signal: SignalWire): string {
  const reason = signal.status === 'REJECTED' ? refusalSentence(signal) : null;
  return `${signal.symbol} ${patternWord(signal)} ${signal.direction.toLowerCase()}, ${signalStatus(signal)}${reason === null ? '' : `: ${reason}`}`;
}

export const PATTERNS: Readonly<Record<SignalWire['pattern'], string>> = {
  SPRING: 'Spring', UTAD: 'UTAD', TEST: 'Test', SOS: 'SOS', SOW: 'SOW', LPS: 'LPS', LPSY: 'LPSY', EXTERNAL: 'External',
}; // prettier-ignore
export const patternWord = (signal: SignalWire): string => PATTERNS[signal.pattern];

/** How a closed position ended. */
export function exitWords(position: PositionWire): string {
  switch (position.exitReason) {
    case null:
      return NOTHING;
    case 'BREAKEVEN':
      return 'break-even';
    case 'TRAIL':
      return 'trailing stop';
    case 'END_OF_DATA':
      return 'end of data';
    default:
      return /^(T\d|RULE_\d)$/.test(position.exitReason)
        ? position.exitReason.replace('_', ' ').replace('T', 'target ').toLowerCase()
        : codeWords(position.exitReason);
  }
}

/** What an order is for. */
export function legWords(order: OrderWire): string {
  const [leg] = order.leg.split('.');
  if (leg === 'ENTRY' || leg === 'STOP' || leg === 'EXIT') return leg.toLowerCase();
  return /^T\d$/.test(leg) ? `target ${leg.slice(1)}` : codeWords(leg);
}

/** Why an order ended, in words; a broker's own text stays as it is. */
export function orderReason(order: Pick<OrderWire, 'reason'>): string {
  if (order.reason === null) return NOTHING;
  if (order.reason === 'OCO') return 'the other exit filled';
  return /^[A-Z][A-Z_]*$/.test(order.reason) ? codeWords(order.reason) : order.reason;
}

/** What the desk says about a range. */
export interface Structure {
  readonly range: RangeWire;
  readonly name: string;
  readonly phase: string | null;
  readonly passed: readonly string[];
  readonly confidence: number;
  readonly since: number | null;
  readonly why: string;
  readonly next: string;
}

interface Described {
  readonly range: RangeWire;
  /** Records of the range, oldest first. */
  readonly events: readonly DetectionEventWire[];
  /** Cause of the last step, where it is known. */
  readonly cause: string | null;
  readonly decimals: number;
}

/** The range in words: what it is, why this phase, and what would decide next. */
export function describeStructure(described: Described & { readonly date: (time: number) => string }): Structure {
  const { range, decimals } = described;
  const leading = leadingHypothesis(range);
  const spans = leading?.phases ?? [];
  const price = (value: number): string => plain(value, decimals);
  const kind = leading === null ? 'Trading range' : leading.hypothesis === 1 ? 'Accumulation' : 'Distribution';
  const passed = spans.map((span) => span.phase);
  const shared = { range, passed, confidence: leading?.phaseConfidence ?? 0 };
  if (range.endTime !== null) {
    const why = `The last one, ${kind.toLowerCase()} ${price(range.support)} to ${price(range.resistance)}, ended on ${described.date(range.endTime)}: ${codeWords(range.state)}.`;
    return {
      ...shared,
      name: 'No range at work',
      phase: null,
      since: null,
      why,
      next: 'A climax with its reaction, or two edges touched twice, begin the next.',
    };
  }
  return {
    ...shared,
    name: kind,
    phase: leading?.phase ?? null,
    since: spans.at(-1)?.from ?? null,
    why: whySentence(described),
    next: leading === null ? '' : nextSentence(range, { phase: leading.phase, hypothesis: leading.hypothesis, price }),
  };
}

function whySentence({ range, events, cause, decimals }: Described): string {
  const hypothesis = leadingHypothesis(range)?.hypothesis ?? null;
  const last = events.findLast(
    (event) => event.rangeId === range.rangeId && event.hypothesis === hypothesis && event.status !== 'candidate',
  );
  if (last === undefined) return cause === null ? 'No confirmed event in this range yet.' : `${capital(causeWords(cause))}.`;
  const volume = last.volRatio === null ? '' : ` on ${plain(last.volRatio, 2)} of mean volume`;
  const status = last.status === 'confirmed' ? '' : ` (${last.status})`;
  return `${capital(eventName(last))} at ${plain(last.price, decimals)}${volume}${status}.`;
}

function causeWords(cause: string): string {
  const known = (EVENT_NAMES as Readonly<Record<string, string>>)[cause];
  return known ?? codeWords(cause);
}

interface NextInput {
  readonly phase: string | null;
  readonly hypothesis: 1 | -1;
  readonly price: (value: number) => string;
}

function nextSentence(range: RangeWire, { phase, hypothesis, price }: NextInput): string {
  const names = edgeNames(hypothesis);
  const above = `${names.above} ${price(range.resistance)}`;
  const below = `${names.below} ${price(range.support)}`;
  const bull = hypothesis === 1;
  switch (phase) {
    case 'A':
      return `A secondary test that holds near ${bull ? below : above} ends phase A.`;
    case 'B':
      return bull
        ? `A spring under ${below} opens phase C; a strong close over ${above} goes straight to D.`
        : `An upthrust over ${above} opens phase C; a weak close under ${below} goes straight to D.`;
    case 'C':
      return bull
        ? `A strong close over ${above} confirms; a close under the low of phase C ends it.`
        : `A weak close under ${below} confirms; a close over the high of phase C ends it.`;
    case 'D':
      return bull
        ? `A pullback that holds ${above} is the last point of support; falling back into the range would fail it.`
        : `A rally that fails at ${below} is the last point of supply; climbing back into the range would fail it.`;
    case 'E':
      return range.objectives.length === 0
        ? 'The trend is under way.'
        : `The trend is under way; objective ${[...new Set(range.objectives.map(price))].join(', ')}.`;
    default:
      return `Range ${price(range.support)} to ${price(range.resistance)} is still forming.`;
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** One fact in one line. */
export function factWords(row: FactRow, decimals: number): string {
  const price = (value: number | null): string => (value === null ? NOTHING : plain(value, decimals));
  switch (row.type) {
    case 'event.changed':
      return `${eventName(row.data.event)} ${row.data.event.status} at ${price(row.data.event.price)}`;
    case 'phase.changed':
      return `${row.data.hypothesis === 1 ? 'accumulation' : 'distribution'} ${row.data.from ?? 'start'} to ${row.data.to ?? 'end'}: ${causeWords(row.data.cause)}`;
    case 'range.changed':
      return `range ${price(row.data.support)} to ${price(row.data.resistance)}, ${codeWords(row.data.state)}`;
    case 'signal.created':
    case 'signal.changed':
      return `${patternWord(row.data)} ${row.data.direction.toLowerCase()} ${signalStatus(row.data)}${refusalSentence(row.data) === null ? '' : `: ${refusalSentence(row.data) ?? ''}`}`;
    case 'order.changed':
      return `${legWords(row.data)} order ${row.data.side.toLowerCase()} ${figureText(row.data.qtyMicros, { kind: 'quantity' }).text}, ${codeWords(row.data.state)}`;
    case 'order.filled':
      return `${row.data.order.side === 'BUY' ? 'bought' : 'sold'} ${figureText(row.data.fill.qtyMicros, { kind: 'quantity' }).text} at ${price(row.data.fill.price)}`;
    case 'position.opened':
      return `${row.data.direction.toLowerCase()} ${figureText(row.data.openQtyMicros, { kind: 'quantity' }).text} at ${price(row.data.avgEntry)}, stop ${price(row.data.stop)}`;
    case 'position.changed':
      return `position: stop ${price(row.data.stop)}, open ${figureText(row.data.openQtyMicros, { kind: 'quantity' }).text}`;
    case 'position.closed':
      return `closed at ${price(row.data.avgExit)} by ${exitWords(row.data)}, ${figureText(row.data.r, { kind: 'r', change: true }).text}`;
    case 'risk.limit':
      return `${codeWords(row.data.rule)} ${row.data.state.toLowerCase()}: ${figureText(row.data.value, { kind: 'percent' }).text} of ${figureText(row.data.limit, { kind: 'percent' }).text}`;
    default:
      return tradingFactWords(row);
  }
}

/** One fact about how trading goes in one line. */
function tradingFactWords(row: FactRow): string {
  switch (row.type) {
    case 'approval.changed':
      return `${PATTERNS[row.data.entry.snapshot.pattern]} ${row.data.state === 'WAITING' ? 'waits for you' : codeWords(row.data.state)}`;
    case 'campaign.changed':
      return `campaign ${row.data.label} ${codeWords(row.data.status)}${row.data.reason === '' ? '' : `: ${row.data.reason}`}`;
    case 'halt.changed':
      return `${codeWords(row.data.kind)} halt ${row.data.until === null ? 'began' : 'ended'}: ${row.data.reason}`;
    case 'killswitch.changed':
      return `kill switch ${row.data.level} by ${row.data.by ?? 'the system'}${row.data.reason === '' ? '' : `: ${row.data.reason}`}`;
    case 'trading.changed':
      return `acceptance ${row.data.acceptance}, by ${row.data.by}${row.data.reason === '' ? '' : `: ${row.data.reason}`}`;
    case 'notification.created':
      return `told: ${row.data.notification.title}`;
    case 'reconcile.difference':
      return `${row.data.symbol}: ${row.data.sentence}`;
    default:
      return codeWords(row.type.replace('.', ' '));
  }
}
