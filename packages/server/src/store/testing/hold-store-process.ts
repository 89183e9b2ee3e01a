/** Opens a store as the one process that steps its engine and says how that went, a line each; ends with its input. */
import { Scope } from '@wyckoff/bounded';
import process from 'node:process';
import { openStore } from '../open.ts';

const [path = '', databaseUrl = ''] = process.argv.slice(2);
const say = (word: string, text: string): void => void process.stdout.write(`${JSON.stringify({ word, text })}\n`);
const scope = new Scope({ name: 'holder' });
try {
  await openStore({ scope, path, databaseUrl, migrate: true, onEngineLost: (sentence) => say('lost', sentence) });
  say('holds', '');
  await new Promise((resolve) => process.stdin.once('end', resolve).resume()); // bounded: one, ends with the process
} catch (error) {
  say((error as { code?: string }).code ?? 'failed', (error as Error).message);
}
await scope.dispose();
