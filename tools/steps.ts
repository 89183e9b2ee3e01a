/** Runs commands one after another on the pinned Node, shows what they print, and stops at the first that fails. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';

export const root = join(import.meta.dirname, '..');

export interface Step {
  readonly name: string;
  /** Arguments for the pinned Node: a script of node_modules or of this repository. */
  readonly node: readonly string[];
}

const bin = (path: string): string => join(root, 'node_modules', path);
export const tsc = (project: string): Step => ({ name: `types of ${project}`, node: [bin('typescript/bin/tsc'), '-p', project] });
export const vitest = (...args: string[]): Step => ({ name: 'tests', node: [bin('vitest/vitest.mjs'), 'run', ...args] });
export const tool = (name: string, path: string, ...args: string[]): Step => ({ name, node: [bin(path), ...args] });

/** Exits the process with the code of the first failing step; returns when all passed. */
export function runSteps(steps: readonly Step[]): void {
  for (const step of steps) {
    const started = performance.now();
    process.stderr.write(`── ${step.name}\n`);
    const { status, error } = spawnSync(process.execPath, [...step.node], { cwd: root, stdio: 'inherit' });
    if (error) process.stderr.write(`${error.message}\n`);
    if (status !== 0) {
      process.stderr.write(`── ${step.name} failed\n`);
      process.exit(status ?? 1);
    }
    process.stderr.write(`── ${step.name} passed in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  }
}
