/** Renders the pictures of docs/real-charts.md and docs/calibration.md from what the detector says today. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launchBrowser } from '../e2e/support/browser.ts';
import { drawChart, HEIGHT, WIDTH } from './charts/svg.ts';
import { tellDemoSeries } from './charts/told.ts';
import { root } from './steps.ts';

const PICTURES = [
  { name: 'october-2002', title: 'S&amp;P 500, the lows of July and October 2002', from: '2002-05-01', to: '2003-06-30' },
  { name: 'october-2008', title: 'S&amp;P 500, September 2008 to May 2009', from: '2008-08-15', to: '2009-06-01' },
  { name: 'top-2007', title: 'S&amp;P 500, the top of 2007', from: '2007-04-15', to: '2008-02-20' },
  { name: 'sow-2002', title: 'S&amp;P 500, last points of supply, June 2002', from: '2002-01-20', to: '2002-07-31' },
  { name: 'lps-2007', title: 'S&amp;P 500, back-up after the break, September 2007', from: '2007-07-20', to: '2007-11-15' },
  { name: 'lpsy-2015', title: 'S&amp;P 500, last points of supply, September 2015', from: '2015-07-01', to: '2015-11-10' },
  { name: 'lps-2003', title: 'S&amp;P 500, last points of support, September 2003', from: '2003-05-15', to: '2003-11-20' },
] as const;

const folder = join(root, 'docs', 'images', 'calibration');
await mkdir(folder, { recursive: true });
const told = tellDemoSeries();
const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT } });
  for (const { name, title, from, to } of PICTURES) {
    await page.setContent(`<body style="margin:0">${drawChart(told, title, { from, to })}</body>`);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    console.log(`docs/images/calibration/${name}.png`);
  }
} finally {
  await browser.close();
}
