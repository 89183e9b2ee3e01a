/** Public prose is true: every link of README and docs leads to a file, every command of the README is a script or a verb. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './steps.ts';

const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => join('docs', file)),
].filter((file) => file.endsWith('.md'));

function deadLinks(document: string, text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((match) => match[1] ?? '');
  return targets.filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(document), target)));
}

/** The command lines of the README, with the demo series in place of the reader's file. */
const commandLines = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^npx wyckoff (.+)$/gm)].map(
  (match) => match[1] ?? '',
);

function runVerb(line: string): SpawnSyncReturns<string> {
  const demo = join(root, 'node_modules', 'vega-datasets', 'data', 'sp500-2000.csv');
  const args = line.split(' ').map((word) => (word === 'prices.csv' ? demo : word));
  return spawnSync(process.execPath, [join(root, 'tools', 'cli.mjs'), ...args], { cwd: root, encoding: 'utf8' });
}

describe('architecture 3.14: public prose is tried', () => {
  it.each(documents)('%s has no dead link', (document) => {
    expect(deadLinks(document, readFileSync(join(root, document), 'utf8'))).toEqual([]);
  });

  it('a dead link would be found', () => {
    expect(deadLinks('docs/x.md', 'see [a](../README.md) and [b](nowhere.ts)')).toEqual(['nowhere.ts']);
  });

  it('every npm command of the README is a script', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const named = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/npm (?:run )?([a-z:]+)/g)].map(
      (match) => match[1] ?? '',
    );
    const known = new Set([...Object.keys(scripts), 'are', 'come']);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.has(name) && !/^(and|for|is)$/.test(name))).toEqual([]);
  });

  it('the README shows command lines', () => expect(commandLines.length).toBeGreaterThan(4));

  it.each(commandLines)('wyckoff %s does what the README says', (line) => {
    const { status, stdout, stderr } = runVerb(line);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.length).toBeGreaterThan(100);
    if (line.includes('--json')) for (const row of stdout.trim().split('\n')) expect(JSON.parse(row)).toBeTypeOf('object');
  });
});
