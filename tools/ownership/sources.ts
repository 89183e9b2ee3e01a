/** Which files the ownership rules hold for, and what of a `.vue` file is TypeScript. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A source as the rules see it: for a `.vue` file only its scripts, on the lines they really stand on. */
export interface Source {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

const SCRIPT = /<script\b[^>]*>([\s\S]*?)<\/script>/g;
/** `bounded` is where long-lived state may live; tests, their support and leak cases live no longer than their runner. */
const EXEMPT = /^packages\/bounded\/|\/testing\/|\/test-bench\.ts$|\.(test|bench|leaks|d)\.ts$/;

/** All sources under the rules, by path. */
export function ownedSources(root: string): Source[] {
  const paths = globSync('packages/*/src/**/*.{ts,vue}', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !EXEMPT.test(path))
    .sort();
  return paths.map((path) => readSource(root, path));
}

export function readSource(root: string, path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text: path.endsWith('.vue') ? scriptsOf(text) : text };
}

/** Everything outside the scripts becomes blank lines, so that a finding names the line of the file. */
export function scriptsOf(vue: string): string {
  let scripts = '';
  let at = 0;
  for (const match of vue.matchAll(SCRIPT)) {
    const [whole, script = ''] = match;
    const start = match.index + whole.indexOf('>') + 1;
    scripts += blank(vue.slice(at, start)) + script;
    at = start + script.length;
  }
  return scripts + blank(vue.slice(at));
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}
