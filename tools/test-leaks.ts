/**
 * Runs every `*.leaks.ts` of the packages and judges each case and its twin: `npm run test:leaks [-- words of a name or an id]`.
 * Fails on a leak, on a case that could not be judged, and on a twin that was not caught.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Judgement, judgeLeak, judgeTwin, type LeakCase } from '../packages/bounded/src/leak-kit/index.ts';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const words = process.argv.slice(2).map((word) => word.toLowerCase());

interface Line {
  readonly id: string;
  readonly case: string;
  readonly verdict: string;
  readonly 'bytes per repetition': string;
  readonly twin: string;
}

interface Found {
  readonly file: string;
  readonly subject: LeakCase;
}

const failures: string[] = [];
const files = globSync('packages/*/src/**/*.leaks.ts', { cwd: root }).sort();
const cases = (await Promise.all(files.map(casesOf))).flat().filter(({ subject }) => isWanted(subject));
if (cases.length === 0) failures.push(`no leak case was run, of ${files.length} files; a check that judged nothing has failed`);

// What the twins keep makes every later collection slower, so they come last.
const lines: Line[] = [];
const judged: (readonly [Found, Judgement])[] = [];
for (const found of cases) judged.push([found, await judgeLeak(found.subject)]);
for (const [found, judgement] of judged) lines.push(line(found, judgement, await judgeTwin(found.subject)));

console.table(lines);
for (const failure of failures) process.stderr.write(`leaks: ${failure}\n`);
process.stdout.write(`leaks: ${lines.length} cases in ${files.length} files, ${failures.length} failures\n`);
// Twins may have left timers running; the verdict does not wait for them.
process.exit(failures.length === 0 ? 0 : 1);

async function casesOf(file: string): Promise<Found[]> {
  const module = (await import(pathToFileURL(join(root, file)).href)) as { readonly leaks?: readonly LeakCase[] };
  if (!Array.isArray(module.leaks) || module.leaks.length === 0) {
    failures.push(`${file}: expected an exported list "leaks" of cases, was none`);
    return [];
  }
  return (module.leaks as readonly LeakCase[]).map((subject) => ({ file, subject }));
}

function isWanted(subject: LeakCase): boolean {
  const text = `${subject.id} ${subject.name}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function line({ file, subject }: Found, judgement: Judgement, twin: Judgement | undefined): Line {
  const label = `${file}: ${subject.id} ${subject.name}`;
  if (judgement.verdict !== 'clean') failures.push(`${label}: ${judgement.verdict}: ${judgement.why}`);
  if (twin !== undefined && twin.verdict !== 'leak')
    failures.push(`${label}: its twin must leak, was ${twin.verdict}: ${twin.why}`);
  return {
    id: subject.id,
    case: subject.name,
    verdict: judgement.verdict,
    'bytes per repetition': slopeText(judgement),
    twin: twin === undefined ? 'none' : twin.verdict === 'leak' ? 'caught' : `NOT CAUGHT (${twin.verdict})`,
  };
}

function slopeText({ slopeBytes, lowBytes, highBytes }: Judgement): string {
  if (slopeBytes === null || lowBytes === null || highBytes === null) return '–';
  return `${slopeBytes.toFixed(2)} (${lowBytes.toFixed(2)} .. ${highBytes.toFixed(2)})`;
}
