/**
 * `npm run bench:data [-- --json] [--only store|files|redis]`: the figures of the data side, each against its target, on this machine. Parts are files of
 * `bench/figures/`; each answers rows of name, value, unit and target.
 */
import process from 'node:process';
import type { DataFigure } from './figures/figure.ts';
import { fileFigures } from './figures/files.ts';
import { redisFigures } from './figures/redis.ts';
import { storeFigures } from './figures/store.ts';

const PARTS: Readonly<Record<string, () => Promise<readonly DataFigure[]>>> = {
  store: storeFigures,
  files: fileFigures,
  redis: redisFigures,
};

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const figures: DataFigure[] = [];
for (const [name, part] of Object.entries(PARTS)) {
  if (only !== undefined && only !== name) continue;
  process.stderr.write(`── ${name}\n`);
  figures.push(...(await part()));
}
const missed = figures.filter((figure) => !figure.ok);
if (process.argv.includes('--json'))
  process.stdout.write(`${JSON.stringify({ figures, missed: missed.length, node: process.version })}\n`);
else {
  for (const { name, value, unit, target, ok } of figures)
    process.stdout.write(
      `${ok ? 'ok  ' : 'MISS'} ${name.padEnd(58)} ${String(value).padStart(12)} ${unit.padEnd(7)} target ${target}\n`,
    );
}
process.exitCode = missed.length === 0 ? 0 : 5;
