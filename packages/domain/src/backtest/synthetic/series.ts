/** A labelled series for one symbol: stretches and structures in turn until the bars are used up. */
import { createBarColumns, type BarColumns } from '../../bar/columns.ts';
import type { EpochMs, Timeframe } from '../../bar/bar.ts';
import type { Hypothesis } from '../../wyckoff/event.ts';
import { Hand } from './hand.ts';
import { labelsOf, stretchLabel } from './labelling.ts';
import type { Label, Schematic } from './label.ts';
import { NOISE, type NoiseLevel } from './noise.ts';
import { drawProportions, type Course } from './proportions.ts';
import { createRandom, type Random } from './random.ts';
import { drawStretch, STRETCHES } from './stretch.ts';
import { drawStructure } from './structure.ts';
import { Tape } from './tape.ts';

export const SCHEMATIC_CHOICES = ['all', 'A1', 'A2', 'D1', 'D2', 'broken', 'none'] as const;
export type SchematicChoice = (typeof SCHEMATIC_CHOICES)[number];

export interface SeriesOptions {
  readonly schematic: SchematicChoice;
  /** Any whole number; 1-999 are kept for tuning, reports use 1000 and above (docs/synthetic.md). */
  readonly seed: number;
  /** From 1; the symbol is SYN-0001 and so on. */
  readonly number: number;
  /** Bars wanted, at least 50. */
  readonly bars: number;
  readonly noise: NoiseLevel;
  /** Default 1d. */
  readonly timeframe?: Timeframe;
  /** Opening time of the first bar; default 2001-01-01. */
  readonly start?: EpochMs;
}

export interface LabelledSeries {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly columns: BarColumns;
  readonly labels: readonly Label[];
}

type Template = Schematic | 'broken';

/** Bars before the first structure: a reader needs to know the habit of a market first. */
const WARM_UP = 60;
/** The longest structure; what does not fit any more is left out. */
const STRUCTURE_ROOM = 330;
/** ln price: no trend before a range takes more. */
const MOST_DROP = 0.6;
const HALF_YEAR = 125;
const FIRST_DAY = Date.UTC(2001, 0, 1);
const BROKEN: readonly [Course, ...Course[]] = ['spring-fails', 'break-fails', 'dissolves', 'false-climax'];

/** Deterministic: the same options give the same series, bit for bit. */
export function drawSeries(options: SeriesOptions): LabelledSeries {
  const { seed, number, timeframe = '1d' } = options;
  const random = createRandom(seed, number);
  const symbol = `SYN-${String(number).padStart(4, '0')}`;
  const columns = createBarColumns(options.bars);
  const usualVolume = Math.exp(random.between(Math.log(2e5), Math.log(2e7)));
  const unit = random.between(0.009, 0.02);
  const logPrice = random.between(Math.log(40), Math.log(300));
  const tape = new Tape({ columns, timeframe, start: options.start ?? FIRST_DAY, logPrice, volume: usualVolume, range: unit });
  const hand = new Hand({ tape, random, noise: NOISE[options.noise], usualVolume, unit });
  const labels: Label[] = [];
  const identity = { symbol, timeframe, columns };
  drawEmpty(hand, labels, { identity, bars: Math.min(WARM_UP, tape.room) });
  const templates = templatesFor(options.schematic, random);
  let rangeId = 0;
  let cycle: Hypothesis = random.chance(0.5) ? 1 : -1;
  while (tape.room > 0) {
    const template = templates(cycle);
    if (template === null || tape.room < STRUCTURE_ROOM) {
      drawEmpty(hand, labels, { identity, bars: Math.min(tape.room, 250) });
      continue;
    }
    rangeId += 1;
    const plan = drawProportions(random, courseOf(template, random));
    const side = sideFor(template, cycle);
    // A climax ends a trend: it stands clear of whatever the last half year built, not inside it.
    const drop = Math.max(random.between(10, 14) * plan.unit, tape.reach(side, HALF_YEAR) + random.between(4, 6) * plan.unit);
    hand.unit = plan.unit;
    hand.look(side, Math.min(MOST_DROP, drop));
    const sketch = drawStructure(hand, plan);
    cycle = sketch.outcome === 'WIN' ? (-hand.side as Hypothesis) : hand.side;
    labels.push(...labelsOf(sketch, { ...identity, hand, rangeId, plan, template }));
    drawEmpty(hand, labels, { identity, bars: Math.min(tape.room, random.integer(30, 110)) });
  }
  return { symbol, timeframe, columns, labels };
}

interface Identity {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly columns: BarColumns;
}

function drawEmpty(hand: Hand, labels: Label[], how: { identity: Identity; bars: number }): void {
  if (how.bars <= 0) return;
  const from = hand.bar;
  hand.unit = 0.5 * (hand.unit + hand.random.between(0.009, 0.02));
  drawStretch(hand, hand.random.pick(STRETCHES), how.bars);
  labels.push(stretchLabel(how.identity, from, hand.bar - 1));
}

/**
 * Which template comes next. Markets go in cycles: accumulation, markup, distribution, markdown; a structure that breaks leaves the
 * old trend in force, so the same side is tried again. Each template comes as often as the others of its side.
 */
function templatesFor(choice: SchematicChoice, random: Random): (side: Hypothesis) => Template | null {
  if (choice === 'none') return () => null;
  if (choice !== 'all') return () => choice;
  const waiting: Record<'A' | 'D', Template[]> = { A: [], D: [] };
  return (side) => {
    const letter = side > 0 ? 'A' : 'D';
    const round: Template[] = side > 0 ? ['A1', 'A2', 'A1', 'A2', 'broken'] : ['D1', 'D2', 'D1', 'D2', 'broken'];
    if (waiting[letter].length === 0) waiting[letter] = random.shuffled(round);
    return waiting[letter].pop() ?? 'broken';
  };
}

function courseOf(template: Template, random: Random): Course {
  if (template === 'broken') return random.pick(BROKEN);
  return template === 'A1' || template === 'D1' ? 'spring' : 'in-range';
}

function sideFor(template: Template, cycle: Hypothesis): Hypothesis {
  if (template === 'broken') return cycle;
  return template.startsWith('A') ? 1 : -1;
}
