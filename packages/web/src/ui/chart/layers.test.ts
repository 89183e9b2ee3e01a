/** Every layer is plain geometry: where shapes stand, what they say, and that nothing off screen breaks them (web.md 5). */
import type { DetectionEventWire, PositionWire, RangeWire } from '@wyckoff/contracts';
import { describe, expect, it } from 'vitest';
import { barWords } from './bar-words.ts';
import { eventLabels } from './event-layer.ts';
import { edgeNames, phaseBands, rangeAxisNames, rangeLines, rangeNames } from './range-layer.ts';
import { type Box, labelBoxes, overlap, type Shape } from './shapes.ts';
import { barTimes } from './times.ts';
import { levelLines, levelNames, tradeLines } from './trade-layer.ts';
import { type BarColumns, indexOfTime, lowerBound, type PaneView } from './view.ts';
import { climacticOutlines, meanBefore, volumeRatio } from './volume-layer.ts';

const DAY = 86_400_000;
const time = (index: number): number => index * DAY;

function bars(count: number, volume: (i: number) => number = () => 100): BarColumns {
  const column = (of: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => of(i));
  return {
    length: count,
    t: column(time),
    o: column(() => 100),
    h: column(() => 104),
    l: column(() => 96),
    c: column((i) => 100 + (i % 2)),
    v: column(volume),
  };
}

/** 10 px per bar, 1 px per point upwards from 200 at the top. */
const view = (from: number, to: number, width = 1_000): PaneView => ({
  width,
  height: 200,
  from,
  to,
  barSpacing: 10,
  x: (index) => (index - from) * 10,
  y: (price) => 200 - price,
});

const range = (part: Partial<RangeWire> = {}, hypothesis: 1 | -1 = 1): RangeWire => ({
  id: 'r1', symbol: 'SPX', timeframe: '1d', rangeId: 1, state: 'ACTIVE', route: 'event', startTime: time(10), endTime: null,
  support: 91.1, resistance: 103.9, supportPrice: 92, resistancePrice: 103, supportStrength: 70, resistanceStrength: 70, quality: 70,
  durationBars: 40, columns: 14, objectives: [],
  hypotheses: [{
    hypothesis, phase: 'B', subPhase: null, phaseConfidence: 80, leading: true, implied: false, suspended: false, ended: false,
    phases: [{ phase: 'A', from: time(10), to: time(30) }, { phase: 'B', from: time(30), to: null }],
  }],
  ...part,
}); // prettier-ignore

const event = (part: Partial<DetectionEventWire>): DetectionEventWire =>
  ({
    id: 'e',
    rangeId: 1,
    kind: 'SC',
    status: 'confirmed',
    hypothesis: 1,
    eventTime: time(20),
    confirmBar: 22,
    ...part,
  }) as DetectionEventWire;

const position = (part: Partial<PositionWire> = {}): PositionWire =>
  ({
    id: 'p',
    direction: 'LONG',
    status: 'OPEN',
    avgEntry: 100,
    stop: 95,
    targets: [110, 120],
    rungsDone: 0,
    openedAt: time(20),
    closedAt: null,
    avgExit: null,
    ...part,
  }) as PositionWire;

const texts = (shapes: readonly Shape[]): string[] =>
  shapes.flatMap((shape) => (shape.kind === 'text' || shape.kind === 'label' ? [shape.text] : []));
const of = <K extends Shape['kind']>(shapes: readonly Shape[], kind: K): Extract<Shape, { kind: K }>[] =>
  shapes.filter((shape): shape is Extract<Shape, { kind: K }> => shape.kind === kind);
const input = (ranges: readonly RangeWire[]) => ({ bars: bars(60), ranges, currentId: 'r1', decimals: 2 });

describe('web 5 range layer', () => {
  const names = (ranges: readonly RangeWire[]): string[] => texts(rangeNames(input(ranges), view(0, 60), []));

  it('bands follow the phases with their letters, the running one bright', () => {
    const shapes = phaseBands(input([range()]), view(0, 60));
    expect(of(shapes, 'band').map(({ x1, x2 }) => [x1, x2])).toEqual([[100, 300], [300, 595]]); // prettier-ignore
    expect(texts(shapes)).toEqual(['A', 'B']);
    expect(of(shapes, 'text').map((letter) => letter.ink.token)).toEqual(['faint', 'text']);
    expect(of(shapes, 'band').map((band) => band.ink.opacity)).toEqual([0.035, 0.07]);
  });

  it('accumulation speaks of creek and support, distribution of resistance and ice', () => {
    expect(names([range()])).toEqual(['creek 103.90', 'support 91.10']);
    expect(names([range({}, -1)])).toEqual(['resistance 103.90', 'ice 91.10']);
    expect(edgeNames(null)).toEqual({ above: 'resistance', below: 'support' });
    expect(of(rangeLines(input([range()]), view(0, 60)), 'line').every((line) => line.style === 'dashed')).toBe(true);
  });

  it('without a leader the one that got furthest speaks, whichever side it is on', () => {
    const ended = { leading: false, ended: true } as const;
    const both = range({
      hypotheses: [
        { ...range().hypotheses[0], ...ended, phase: 'B' },
        { ...range({}, -1).hypotheses[0], ...ended, phase: 'D' },
      ],
    });
    expect(names([both])).toEqual(['resistance 103.90', 'ice 91.10']);
  });

  it('a range that began before the window starts at the edge, one that lies outside is not drawn', () => {
    const early = of(
      phaseBands(
        input([
          range({
            startTime: -time(50),
            hypotheses: [{ ...range().hypotheses[0], phases: [{ phase: 'B', from: -time(50), to: null }] }],
          }),
        ]),
        view(20, 60),
      ),
      'band',
    );
    expect(early[0].x1).toBe(-4);
    expect(phaseBands(input([range({ startTime: time(0), endTime: time(5) })]), view(20, 60))).toEqual([]);
    expect(rangeLines({ ...input([range()]), bars: bars(0) }, view(0, 60))).toEqual([]);
  });

  it('at most eight ranges are drawn, the newest', () => {
    const many = Array.from({ length: 20 }, (_, i) => range({ id: `r${String(i)}`, startTime: time(i) }));
    expect(of(rangeLines(input(many), view(0, 60)), 'line')).toHaveLength(16);
  });
});

describe('web 5 names of the edges stand at a calm place', () => {
  const wide = range({ resistance: 150, support: 40 });
  const names = (part: Partial<RangeWire>, taken: readonly Box[] = []) =>
    of(rangeNames(input([{ ...wide, ...part }]), view(0, 60), taken), 'text');
  const boxOf = ({ x, y, text }: { readonly x: number; readonly y: number; readonly text: string }): Box => ({
    x1: x,
    x2: x + text.length * 6.4,
    y1: y - 6,
    y2: y + 6,
  });

  it('outside the range: a running one from its start, an ended one right-aligned at its end', () => {
    const [creek, support] = names({});
    expect([creek.text, creek.y, support.text, support.y]).toEqual(['creek 150.00', 41, 'support 40.00', 169]);
    expect(creek.x).toBeLessThan(110);
    const [ended] = names({ endTime: time(50) });
    expect(ended.x + ended.text.length * 6.4).toBeGreaterThan(490);
    expect(ended.x + ended.text.length * 6.4).toBeLessThanOrEqual(500);
  });

  it('an event label in the way moves the name along its line, and a full line hides it', () => {
    const [free] = names({});
    const label = { x1: 90, x2: 130, y1: 34, y2: 48 };
    const [moved] = names({}, [label]);
    expect(overlap(boxOf(free), label)).toBe(true);
    expect([overlap(boxOf(moved), label), moved.y]).toEqual([false, free.y]);
    expect(names({}, [{ x1: 0, x2: 1_000, y1: 0, y2: 100 }]).map(({ text }) => text)).toEqual(['support 40.00']);
  });

  it('no name runs over a candle: it goes to the other side of its line, or is left out', () => {
    // The candles reach from 96 to 104, on screen from y 96 to 104 as well.
    const creek = (resistance: number): number | undefined =>
      names({ resistance }).find(({ text }) => text.startsWith('creek'))?.y;
    expect(creek(120)).toBe(71);
    expect(creek(97)).toBe(112);
    expect(creek(100)).toBeUndefined();
  });

  it('a line at the top of the pane is named below it, never cut', () => {
    const [creek] = names({ resistance: 190 });
    expect(creek.y - 6).toBeGreaterThanOrEqual(0);
    expect(names({ resistance: 199 }).map(({ text }) => text)).toEqual(['support 40.00']);
  });

  it('the running range has its names on the price axis, whatever is on the chart; an ended one has not', () => {
    const axis = (part: Partial<RangeWire>): string[] =>
      rangeAxisNames(input([{ ...wide, ...part }]), view(0, 60)).map(({ text }) => text);
    expect(axis({})).toEqual(['creek 150.00', 'support 40.00']);
    expect(axis({ resistance: 900 })).toEqual(['support 40.00']);
    expect(rangeAxisNames(input([wide]), view(0, 60, 300)).map(({ text }) => text)).toEqual(['150.00', '40.00']);
    expect(axis({ endTime: time(50) })).toEqual([]);
  });

  it('names of ranges that lie over each other never cover each other', () => {
    const stack = Array.from({ length: 6 }, (_, i) => range({ id: `r${String(i)}`, resistance: 150 + i, support: 40 - i }));
    const boxes = of(rangeNames(input(stack), view(0, 60), []), 'text').map(boxOf);
    expect(boxes.length).toBeGreaterThan(6);
    expect(boxes.some((box, i) => boxes.some((other, j) => j > i && overlap(box, other)))).toBe(false);
  });
});

describe('web 5 event layer', () => {
  const at = (events: readonly DetectionEventWire[]) => eventLabels({ bars: bars(60), events }, view(0, 60));

  it('lows stand below their bar, highs above, mirrored for a distribution', () => {
    const y = (part: Partial<DetectionEventWire>): number => of(at([event(part)]), 'label')[0].y;
    const [low, high] = [200 - 96, 200 - 104];
    expect(y({ kind: 'SPRING' })).toBeGreaterThan(low);
    expect(y({ kind: 'SOS' })).toBeLessThan(high);
    expect(y({ kind: 'UTAD', hypothesis: -1 })).toBeLessThan(high);
    expect(y({ kind: 'SOW', hypothesis: -1 })).toBeGreaterThan(low);
  });

  it('candidates are dashed, failed ones struck through, none removed', () => {
    const [candidate] = of(at([event({ status: 'candidate' })]), 'label');
    const [failed] = of(at([event({ status: 'failed' })]), 'label');
    expect([candidate.border, candidate.struck]).toEqual(['dashed', false]);
    expect([failed.border, failed.struck]).toEqual(['solid', true]);
  });

  it('the last record of an event is its word: confirmed, then failed, is struck through once', () => {
    const labels = of(at([event({ status: 'confirmed' }), event({ status: 'failed', confirmBar: 30 })]), 'label');
    expect(labels.map((label) => label.struck)).toEqual([true]);
  });

  it('labels that would overlap move apart; what finds no room is still marked', () => {
    const crowd = Array.from({ length: 40 }, (_, i) => event({ id: `e${String(i)}` }));
    const shapes = at(crowd);
    const places = of(shapes, 'label').map(({ x, y }) => `${String(x)} ${String(y)}`);
    expect(new Set(places).size).toBe(places.length);
    expect(of(shapes, 'arrow').length).toBeGreaterThan(0);
    expect(places.length + of(shapes, 'arrow').length).toBe(40);
  });

  it('at the top of the pane a second label stands beside the first, over no mark of a third', () => {
    const high = { ...bars(60), h: new Array<number>(60).fill(190) };
    const pair = [event({ id: 'a', kind: 'UTAD', hypothesis: -1 }), event({ id: 'b', kind: 'UTAD', hypothesis: -1 })];
    const shapes = eventLabels({ bars: high, events: pair }, view(0, 60));
    const [first, second] = of(shapes, 'label');
    expect(of(shapes, 'arrow')).toEqual([]);
    expect([first.y === second.y, first.x, Math.abs(second.x - first.x) > first.width]).toEqual([true, 200, true]);
  });

  it('whatever comes together, no label covers another or leaves the pane, at either edge', () => {
    for (const price of [96, 4, 196]) {
      const flat = { ...bars(60), h: new Array<number>(60).fill(price + 4), l: new Array<number>(60).fill(price - 4) };
      const crowd = Array.from({ length: 120 }, (_, i) =>
        event({ id: `e${String(i)}`, eventTime: time(i % 60), kind: i % 3 === 0 ? 'SHAKEOUT' : 'SOS' }),
      );
      const boxes = labelBoxes(eventLabels({ bars: flat, events: crowd }, view(0, 60, 600)));
      expect(boxes.length).toBeGreaterThan(20);
      expect(boxes.some((box, i) => boxes.some((other, j) => j > i && overlap(box, other)))).toBe(false);
      expect(boxes.every(({ x1, x2, y1, y2 }) => x1 >= 0 && x2 <= 600 && y1 >= 22 && y2 <= 200)).toBe(true);
    }
  });

  it('events without a loaded bar are left out without a fault', () => {
    expect(at([event({ eventTime: time(500) }), event({ eventTime: -time(3) })])).toEqual([]);
  });
});

describe('web 5 trade layer', () => {
  const trades = (list: readonly PositionWire[]) => ({ bars: bars(60), trades: list, decimals: 2 });

  it('a closed trade joins entry and exit, with the fills of its direction', () => {
    const shapes = tradeLines(
      trades([position({ status: 'CLOSED', closedAt: time(40), avgExit: 108, direction: 'SHORT' })]),
      view(0, 60),
    );
    expect(of(shapes, 'line').map(({ x1, y1, x2, y2 }) => [x1, y1, x2, y2])).toEqual([[200, 100, 400, 92]]);
    expect(of(shapes, 'arrow').map((arrow) => [arrow.points, arrow.ink.token])).toEqual([['down', 'down'], ['up', 'up']]); // prettier-ignore
  });

  it('an open trade shows entry solid, stop dashed, targets not yet reached dotted', () => {
    const lines = of(levelLines(trades([position({ rungsDone: 1 })]), view(0, 60)), 'line');
    expect(lines.map((line) => [line.style, line.y1])).toEqual([['solid', 100], ['dashed', 105], ['dotted', 80]]); // prettier-ignore
  });

  it('names dock at the edge with an arrow and never cover each other', () => {
    const labels = levelNames(trades([position({ targets: [400, 500, 600] })]), view(0, 60));
    expect(labels.map((label) => label.text)).toEqual([
      '↑ target 3 600.00',
      '↑ target 2 500.00',
      '↑ target 1 400.00',
      'entry 100.00',
      'stop 95.00',
    ]);
    labels.forEach((label, i) => {
      if (i > 0) expect(label.y - labels[i - 1].y).toBeGreaterThanOrEqual(15);
      expect(label.y).toBeLessThanOrEqual(200);
    });
  });

  it('two positions with the same levels are named once', () => {
    expect(levelNames(trades([position(), position({ id: 'q' })]), view(0, 60))).toHaveLength(4);
  });

  it('names below the pane stay inside it', () => {
    const labels = levelNames(trades([position({ avgEntry: -10, stop: -20, targets: [-5] })]), view(0, 60));
    expect(Math.max(...labels.map((label) => label.y))).toBeLessThanOrEqual(192);
  });

  it('a trade opened before the window still shows its levels from the left edge', () => {
    const lines = of(levelLines(trades([position({ openedAt: -time(5) })]), view(0, 60)), 'line');
    expect(lines.every((line) => line.x1 === 0)).toBe(true);
  });
});

describe('web 5 volume layer', () => {
  it('the mean is of the 20 bars before, without the bar itself', () => {
    const volume = Array.from({ length: 30 }, (_, i) => i);
    expect(meanBefore(volume, 19)).toBeNull();
    expect(meanBefore(volume, 20)).toBe(9.5);
    expect(volumeRatio(volume, 20)).toBeCloseTo(20 / 9.5, 12);
  });

  it('only climactic bars on screen are outlined', () => {
    const heavy = bars(60, (i) => (i === 30 || i === 50 ? 200 : 100));
    expect(climacticOutlines(heavy, view(0, 40))).toHaveLength(1);
    expect(climacticOutlines(bars(60), view(0, 60))).toEqual([]);
  });
});

describe('web 10 a bar in words', () => {
  it('says date, prices, change, volume, phase and events', () => {
    const words = barWords({
      bars: bars(60),
      index: 20,
      decimals: 2,
      times: barTimes('1d', 'America/New_York'),
      ranges: [range()],
      events: [event({ status: 'failed' })],
    });
    expect(words).toBe(
      '21 Jan 1970. open 100.00, high 104.00, low 96.00, close 100.00. down 0.99\u00a0%. volume 1.00 of its 20-bar mean. accumulation, phase A. SC, failed.',
    );
  });

  it('dates stamped at midnight UTC are that date, intraday bars speak the zone of the exchange', () => {
    expect(barTimes('1d', 'America/New_York').full(Date.UTC(2003, 8, 3))).toBe('3 Sep 2003');
    expect(barTimes('1d', 'Asia/Tokyo').closing(Date.UTC(2003, 8, 4))).toBe('3 Sep 2003');
    expect(barTimes('1m', 'America/New_York').full(Date.UTC(2020, 11, 15, 14, 30))).toBe('15 Dec 2020 09:30');
  });
});

describe('times of bars', () => {
  it('are found by halving', () => {
    const some = bars(60);
    expect([lowerBound(some, -1), lowerBound(some, time(5)), lowerBound(some, time(5) + 1), lowerBound(some, time(99))]).toEqual([
      0, 5, 6, 60,
    ]);
    expect([indexOfTime(some, time(7)), indexOfTime(some, time(7) + 1)]).toEqual([7, -1]);
  });
});
