/** Runs dependency-cruiser over a tree with the law of this repository and returns what it forbids. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { IConfiguration, ICruiseResult } from 'dependency-cruiser';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, '..', '..');

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface LawReport {
  readonly violations: readonly Violation[];
  /** Every import seen, `from -> to`, so that a test can tell a lawful tree from one that was not looked at. */
  readonly imports: ReadonlySet<string>;
}

/** @param baseDir folder that holds `packages/`: the repository or a fixture */
export async function readLaw(baseDir: string = root): Promise<LawReport> {
  const { cruise } = await import('dependency-cruiser');
  const config = require(join(root, '.dependency-cruiser.cjs')) as IConfiguration;
  const { output } = await cruise(['packages'], { ...config.options, ruleSet: config, validate: true, baseDir });
  const { modules, summary } = output as ICruiseResult;
  return {
    violations: summary.violations.map((v) => ({ rule: v.rule.name, from: v.from, to: v.to })),
    imports: new Set(modules.flatMap((m) => m.dependencies.map((d) => `${m.source} -> ${d.resolved}`))),
  };
}
