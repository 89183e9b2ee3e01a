/** What comes next in words: what would confirm or end what waits, and what each side of the range looks for in its phase. */
import type { DetectorView, HypothesisView, Parameters, PendingView, RangeView, Timeframe } from '@wyckoff/domain';

export interface OutlookInput {
  readonly view: Pick<DetectorView, 'pending' | 'range'>;
  /** Index of the last bar. */
  readonly bar: number;
  readonly params: Parameters;
  readonly timeframe: Timeframe;
}

type Shown = (price: number) => string;

/** Prices exact, or as `shown` writes them. */
export function outlookOf(input: OutlookInput, shown: Shown = String): string[] {
  const { view, bar } = input;
  const waiting = view.pending.map((candidate) => candidateLine(candidate, bar, shown));
  const { range } = view;
  if (range === null) {
    return waiting.length > 0
      ? waiting
      : ['no range and nothing waits: a climax with its rally, or two levels tested twice each, would begin one'];
  }
  const sides = range.hypotheses.flatMap((side) => sideLines(side, { ...input, range }, shown));
  return [...waiting, ...rangeLines(range, shown), ...sides];
}

function candidateLine(candidate: PendingView, bar: number, shown: Shown): string {
  const up = candidate.hypothesis > 0;
  const { kind, price, confirmsAt, failsAt, lastBar } = candidate;
  // A climax is confirmed by the turn of its rally, which comes back towards it.
  const rises = kind === 'SC' || kind === 'BC' ? !up : up;
  // Preliminary support need only be reached by its bounce.
  const reach = kind === 'PS' || kind === 'PSY' ? (rises ? 'a high' : 'a low') : 'a close';
  const confirms = confirmsAt === null ? '' : `; ${reach} at or ${rises ? 'above' : 'below'} ${shown(confirmsAt)} confirms it`;
  const fails = failsAt === null ? '' : `; a ${up ? 'low below' : 'high above'} ${shown(failsAt)} ends it`;
  const left = lastBar === null ? null : Math.max(0, lastBar - bar);
  const time =
    left === null ? '' : left === 0 ? '; this was its last bar' : `; ${left} more bar${left === 1 ? '' : 's'} to do so`;
  return `${kind} (${sideName(up)}) of bar ${candidate.bar} at ${shown(price)} waits${confirms}${fails}${time}`;
}

function rangeLines(range: RangeView, shown: Shown): string[] {
  const support = shown(range.support.edge);
  const resistance = shown(range.resistance.edge);
  if (range.state !== 'ACTIVE' && range.state !== 'FORMING') return [];
  return [
    `a close well above ${resistance} with effort (volume and a wide bar) breaks the range upwards, below ${support} downwards`,
  ];
}

interface SideInput extends OutlookInput {
  readonly range: RangeView;
}

function sideLines(side: HypothesisView, input: SideInput, shown: Shown): string[] {
  if (side.phase === null) return [];
  const state = side.suspended ? ', suspended by the other side' : side.leading ? ', leading' : '';
  const head = `${sideName(side.hypothesis > 0)} is in phase ${side.subPhase ?? side.phase}${state} (confidence ${Number(side.phaseConfidence.toFixed(1))})`;
  const next = side.suspended ? 'it resumes if the break fails' : nextOf(side, input, shown);
  return [next === null ? head : `${head}: ${next}`];
}

/** What the side looks for in its phase, and the price that speaks against it. */
function nextOf(side: HypothesisView, { range, params, timeframe, bar }: SideInput, shown: Shown): string | null {
  const up = side.hypothesis > 0;
  const [near, far] = up ? [range.support, range.resistance] : [range.resistance, range.support];
  const names = up
    ? { near: 'support', far: 'above resistance', under: 'below', spring: 'Spring', strength: 'SOS', last: 'LPS' }
    : { near: 'resistance', far: 'below support', under: 'above', spring: 'UTAD', strength: 'SOW', last: 'LPSY' };
  const percent = (x: number): number => (x / 100) * params.tfTable[timeframe] * far.edge;
  const inside = (x: number): string => shown(far.edge - side.hypothesis * percent(x));
  const dip = `a break of ${names.near} ${shown(near.edge)} taken back within ${up ? params.springRecovery : params.utadFailure} bars would be its ${names.spring}`;
  const strength = `a decisive close ${names.far} ${shown(far.edge)} its ${names.strength}`;
  switch (side.phase) {
    case 'A':
      return `a quiet return to ${names.near} ${shown(near.edge)} would be its secondary test and begin phase B`;
    case 'B': {
      const young = side.bStart !== null && bar + 1 - side.bStart < params.minPhaseB;
      return `${dip}, ${strength}${young ? '; phase B is young, either may still be premature' : ''}`;
    }
    case 'C': {
      const asked = side.subPhase === 'C_SPRING' ? `a quiet return to its ${names.spring} that holds would be the test, ` : '';
      return `${asked}${strength}; a price ${names.under} the last ${names.spring} fails it`;
    }
    case 'D':
      return `a quiet reaction towards ${shown(far.edge)} that holds ${inside(params.lpsHold)} would be its ${names.last}; a close ${names.under} ${inside(params.sosFailTol)} fails the break`;
    case 'E':
      return `a close ${names.under} ${inside(params.sosFailTol)} ends it`;
    default:
      return null;
  }
}

function sideName(up: boolean): string {
  return up ? 'accumulation' : 'distribution';
}
