/** A chart of some bars and what was said of them, as an SVG text: bars, volume, range edges, events, phases. */
import type { DetectionEvent } from '@wyckoff/domain';
import type { Told } from './told.ts';

export const WIDTH = 1200;
export const HEIGHT = 640;

/** Pixels: the three bands of the picture, from top to bottom. */
const PRICE = { top: 40, bottom: 468 } as const;
const STRIP = { top: 484, row: 17 } as const;
const VOLUME = { top: 530, bottom: 606 } as const;
const LEFT = 16;
const RIGHT = WIDTH - 58;

const PHASE_FILL: Readonly<Record<string, string>> = { A: '#d9d4c7', B: '#e9e3d2', C: '#f3d9a4', D: '#bcd9c0', E: '#9cc6a6' };
const UP = '#1d6f42';
const DOWN = '#a3372b';
const INK = '#2b2b2b';

interface Frame {
  readonly told: Told;
  /** First and last bar shown. */
  readonly from: number;
  readonly to: number;
  readonly x: (bar: number) => number;
  readonly y: (price: number) => number;
}

export function drawChart(told: Told, title: string, span: { readonly from: string; readonly to: string }): string {
  const from = told.bars.findIndex((bar) => bar.time >= Date.parse(span.from));
  const to = told.bars.findLastIndex((bar) => bar.time <= Date.parse(span.to));
  const shown = told.bars.slice(from, to + 1);
  const low = Math.min(...shown.map((bar) => bar.low));
  const high = Math.max(...shown.map((bar) => bar.high));
  const step = (RIGHT - LEFT) / (to - from + 1);
  const room = 0.13 * (high - low);
  const scale = (PRICE.bottom - PRICE.top) / (high - low + 2 * room);
  const frame: Frame = {
    told,
    from,
    to,
    x: (bar) => LEFT + (bar - from + 0.5) * step,
    y: (price) => PRICE.bottom - (price - low + room) * scale,
  };
  const parts = [
    grid(frame, { low, high }),
    ranges(frame),
    candles(frame, step),
    volume(frame, step),
    phases(frame, step),
    events(frame),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="11">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fdfcf9"/><text x="${LEFT}" y="22" font-size="15" font-weight="600" fill="${INK}">${title}</text>
${parts.join('\n')}</svg>`;
}

function grid({ told, from, to, x, y }: Frame, { low, high }: { low: number; high: number }): string {
  const out: string[] = [];
  const step = [5, 10, 20, 25, 50, 100, 200].find((s) => (high - low) / s <= 9) ?? 500;
  for (let price = Math.ceil(low / step) * step; price <= high; price += step) {
    out.push(line([LEFT, y(price), RIGHT, y(price)], '#ece8df'), text([RIGHT + 6, y(price) + 4], String(price), '#8a857a'));
  }
  let last = '';
  for (let bar = from; bar <= to; bar++) {
    const month = day(told.bars[bar]?.time ?? 0).slice(0, 7);
    if (month !== last && last !== '') {
      out.push(line([x(bar), PRICE.top, x(bar), VOLUME.bottom], '#f2efe7'), text([x(bar) + 2, HEIGHT - 14], month, '#8a857a'));
    }
    last = month;
  }
  return out.join('');
}

function candles({ told, from, to, x, y }: Frame, step: number): string {
  const out: string[] = [];
  const half = Math.max(0.8, Math.min(4, 0.34 * step));
  for (let bar = from; bar <= to; bar++) {
    const b = told.bars[bar];
    if (b === undefined) continue;
    const colour = b.close >= b.open ? '#5f8f74' : '#b0645a';
    const top = y(Math.max(b.open, b.close));
    out.push(line([x(bar), y(b.high), x(bar), y(b.low)], colour));
    out.push(box([x(bar) - half, top, 2 * half, Math.max(0.8, y(Math.min(b.open, b.close)) - top)], colour));
  }
  return out.join('');
}

function volume({ told, from, to, x }: Frame, step: number): string {
  const most = Math.max(...told.bars.slice(from, to + 1).map((bar) => bar.volume));
  const out: string[] = [];
  for (let bar = from; bar <= to; bar++) {
    const height = ((VOLUME.bottom - VOLUME.top) * (told.bars[bar]?.volume ?? 0)) / most;
    out.push(box([x(bar) - 0.34 * step, VOLUME.bottom - height, 0.68 * step, height], '#b9b3a5'));
  }
  return out.join('');
}

/** Edges as they were known: dashed back to where the range is dated from, solid while it lived, thin after the break. */
function ranges({ told, from, to, x, y }: Frame): string {
  const out: string[] = [];
  let born = 0;
  for (let bar = from; bar <= to; bar++) {
    const s = told.standings[bar];
    if (!s) continue;
    if (told.standings[bar - 1]?.rangeId !== s.rangeId) born = bar;
    for (const [price, colour] of [
      [s.support, UP],
      [s.resistance, DOWN],
    ] as const) {
      if (born === bar && s.startBar < bar)
        out.push(line([x(Math.max(from, s.startBar)), y(price), x(bar), y(price)], colour, 'stroke-dasharray="2 4"'));
      out.push(
        line([x(bar - 0.5), y(price), x(bar + 0.5), y(price)], colour, s.broken ? 'opacity="0.45"' : 'stroke-width="1.6"'),
      );
    }
  }
  return `<clipPath id="price"><rect x="0" y="${PRICE.top}" width="${WIDTH}" height="${PRICE.bottom - PRICE.top}"/></clipPath><g clip-path="url(#price)">${out.join('')}</g>`;
}

function phases({ told, from, to, x }: Frame, step: number): string {
  const out: string[] = [];
  (['accumulation', 'distribution'] as const).forEach((name, row) => {
    const top = STRIP.top + row * (STRIP.row + 3);
    let start = from;
    for (let bar = from; bar <= to + 1; bar++) {
      const phase = (at: number): string | null => (at > to ? null : (told.standings[at]?.phases[row] ?? null));
      if (bar <= to && phase(bar) === phase(start)) continue;
      const held = phase(start);
      if (held !== null) {
        const left = x(start) - step / 2;
        const width = (bar - start) * step;
        out.push(box([left, top, width, STRIP.row], PHASE_FILL[held] ?? '#eee'));
        if (width > 9) out.push(text([left + width / 2 - 4, top + 13], held, INK));
      }
      start = bar;
    }
    out.push(text([RIGHT + 6, top + 13], name.slice(0, 5), '#8a857a'));
  });
  return out.join('');
}

/** Names below the bar for accumulation, above for distribution; tradeable records framed, with the bar that confirmed them. */
function events({ told, from, to, x, y }: Frame): string {
  const out: string[] = [];
  const taken: { left: number; top: number; width: number }[] = [];
  for (const r of told.records) {
    if (!isShown(r) || r.eventBar < from || r.confirmBar > to) continue;
    const under = (r.kind === 'AR' || r.kind === 'SOS' || r.kind === 'SOW') === (r.hypothesis === -1);
    const label = `${r.kind}${r.status === 'direct' ? ' direct' : ''}${r.confidence === null ? '' : ` ${r.confidence}`}`;
    const width = 6.4 * label.length + 8;
    const bar = told.bars[r.eventBar];
    const anchor = under ? y(bar?.low ?? 0) : y(bar?.high ?? 0);
    const left = Math.min(RIGHT - width, Math.max(LEFT, x(r.eventBar) - width / 2));
    let top = under ? anchor + 8 : anchor - 22;
    const clashes = (): boolean =>
      taken.some((t) => left < t.left + t.width + 2 && t.left < left + width + 2 && Math.abs(t.top - top) < 15);
    while (clashes()) top += under ? 15 : -15;
    taken.push({ left, top, width });
    const colour = r.hypothesis === 1 ? UP : DOWN;
    const minor = r.kind === 'PS' || r.kind === 'PSY';
    const reach = Math.abs(top - anchor);
    if (reach > 26)
      out.push(
        line([x(r.eventBar), anchor + (under ? 3 : -3), x(r.eventBar), under ? top : top + 14], colour, 'stroke-dasharray="1 3"'),
      );
    if (r.tradeable) {
      const at = y(told.bars[r.confirmBar]?.close ?? 0);
      out.push(box([left, top, width, 14], colour, 'rx="3"'), text([left + 4, top + 11], label, '#fff', 'font-weight="600"'));
      out.push(
        `<circle cx="${x(r.confirmBar).toFixed(1)}" cy="${at.toFixed(1)}" r="4" fill="none" stroke="${colour}" stroke-width="2"/>`,
      );
    } else out.push(text([left + 4, top + 11], label, colour, minor ? 'opacity="0.55"' : ''));
  }
  return out.join('');
}

function isShown(record: DetectionEvent): boolean {
  return record.status === 'confirmed' || record.status === 'direct';
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

type Four = readonly [number, number, number, number];

function line([x1, y1, x2, y2]: Four, colour: string, more = ''): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${colour}" ${more}/>`;
}

function box([x, y, width, height]: Four, fill: string, more = ''): string {
  return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" fill="${fill}" ${more}/>`;
}

function text([x, y]: readonly [number, number], words: string, colour: string, more = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${colour}" ${more}>${words}</text>`;
}
