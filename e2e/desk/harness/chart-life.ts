/** Mounts and unmounts charts in a page of their own, orderly or forgetfully: what the leak test measures. */
import { createPriceChart, type Overlays, type PriceChart } from '../../../packages/web/src/ui/chart/price-chart.ts';
import { barTimes } from '../../../packages/web/src/ui/chart/times.ts';

const DAY = 86_400_000;
const BARS = 300;
const column = (of: (i: number) => number): number[] => Array.from({ length: BARS }, (_, i) => of(i));
const bars = {
  length: BARS,
  t: column((i) => i * DAY),
  o: column((i) => 100 + Math.sin(i / 9) * 5),
  h: column((i) => 103 + Math.sin(i / 9) * 5),
  l: column((i) => 97 + Math.sin(i / 9) * 5),
  c: column((i) => 100 + Math.sin((i + 1) / 9) * 5),
  v: column((i) => 1_000 + (i % 20) * 50),
};
const colours = {
  bg: '#0e1116',
  panel: '#151a21',
  raised: '#1c232c',
  line: '#232b36',
  edge: '#66717f',
  text: '#e6eaf0',
  muted: '#9aa5b4',
  faint: '#8592a3',
  up: '#58a6ff',
  down: '#ff9d45',
};
const overlays: Overlays = {
  currentRangeId: 'r',
  events: [],
  trades: [],
  ranges: [
    {
      id: 'r', symbol: 'S', timeframe: '1d', rangeId: 1, state: 'ACTIVE', route: 'event', startTime: 100 * DAY, endTime: null, support: 96, resistance: 104,
      supportPrice: 96, resistancePrice: 104, supportStrength: 1, resistanceStrength: 1, quality: 1, durationBars: 1, columns: 1, objectives: [], hypotheses: [],
    },
  ],
}; // prettier-ignore

function mount(): { readonly chart: PriceChart; readonly host: HTMLElement } {
  const host = document.createElement('div');
  host.style.width = '600px';
  host.style.height = '300px';
  document.body.append(host);
  const chart = createPriceChart(host, {
    colours,
    decimals: 2,
    tickSize: 0.01,
    times: barTimes('1d', 'UTC'),
    barsOnScreen: 120,
    nearLeftEdge: () => undefined,
    pointed: () => undefined,
    liveEdgeSeen: () => undefined,
  });
  chart.setBars(bars, 0);
  chart.setOverlays(overlays);
  return { chart, host };
}

const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

/** What the test finds on the window. */
export interface Harness {
  cycle(times: number, forget: boolean): Promise<void>;
  toggle(times: number): Promise<number>;
  failHalfway(): number;
}

/** Charts that a forgetful view would keep. */
const kept: PriceChart[] = [];

const harness: Harness = {
  async cycle(times: number, forget: boolean) {
    for (let i = 0; i < times; i += 1) {
      const { chart, host } = mount();
      await frame();
      if (forget) kept.push(chart);
      else chart.dispose();
      host.remove();
    }
  },
  /** Overlays are replaced, never added: 100 changes leave as many canvases as one. */
  async toggle(times: number): Promise<number> {
    const { chart, host } = mount();
    // Panes come into the document with the first paint.
    await frame();
    await frame();
    const before = host.querySelectorAll('*').length;
    for (let i = 0; i < times; i += 1) {
      chart.setLayer('events', i % 2 === 0);
      chart.setOverlays({ ...overlays });
    }
    await frame();
    const grown = host.querySelectorAll('*').length - before;
    chart.dispose();
    host.remove();
    return grown;
  },
  /** Making a chart that fails half-way must leave nothing behind. */
  failHalfway(): number {
    const host = document.createElement('div');
    document.body.append(host);
    const Native = window.ResizeObserver;
    window.ResizeObserver = function refuse() {
      throw new Error('no observers here');
    } as unknown as typeof ResizeObserver;
    try {
      createPriceChart(host, {
        colours,
        decimals: 2,
        tickSize: 0.01,
        times: barTimes('1d', 'UTC'),
        barsOnScreen: 60,
        nearLeftEdge: () => undefined,
        pointed: () => undefined,
        liveEdgeSeen: () => undefined,
      });
    } catch {
      // Expected: the observer is refused.
    }
    window.ResizeObserver = Native;
    const left = host.querySelectorAll('canvas').length;
    host.remove();
    return left;
  },
};
Object.assign(window, harness);
