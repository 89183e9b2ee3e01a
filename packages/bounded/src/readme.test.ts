/** Executes every example of the README, as it stands there. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/^## (.+)\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm)].flatMap(([, title = '', section = '']) =>
  [...section.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => ({ title, code })),
);

test('the README has an example for every structure', () => {
  expect(examples.map(({ title }) => title)).toEqual([
    'Ring',
    'BoundedQueue',
    'LruTtlCache',
    'RollingCounter',
    'KeyedRegistry',
    'Scope',
    'TopicHub and QueuedHandler',
    'TimerWheel and DeadlineHeap',
    'Census',
    'Leak kit',
  ]);
});

test.each(examples)('the example for $title runs', async ({ code }) => {
  const finished = `${code}\nprocess.stdout.write('\\nfinished');`;
  const args = ['--expose-gc', '--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', finished];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: packageFolder, timeout: 50_000 });
  expect(stdout).toMatch(/finished$/);
});

test('twin: an example that no longer holds is caught', async () => {
  const wrong = examples[0]?.code.replace("'ST'", "'LPS'") ?? '';
  const args = ['--input-type=module-typescript', '-e', wrong];
  await expect(promisify(execFile)(process.execPath, args, { cwd: packageFolder })).rejects.toThrow('AssertionError');
});
