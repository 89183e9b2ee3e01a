/** `npm run check`: types, lint, import law, dead code, format, tests. What `.ci/run` calls beside `npm test`. */
import process from 'node:process';
import { runSteps, tool, tsc, vitest } from './steps.ts';

const quick = process.argv.includes('--no-tests');

runSteps([
  ...['bounded', 'domain', 'contracts', 'server'].map((name) => tsc(`packages/${name}`)),
  tsc('.'),
  tool('types of packages/web', 'vue-tsc/bin/vue-tsc.js', '-p', 'packages/web'),
  tool('lint', 'eslint/bin/eslint.js', '--max-warnings=0', 'packages', 'tools', 'bench', 'e2e'),
  tool('format', 'prettier/bin/prettier.cjs', '--check', '--log-level=warn', 'packages', 'tools', 'bench', 'e2e'),
  tool('dead code', 'knip/bin/knip.js', '--no-progress'),
  ...(quick
    ? []
    : [{ name: 'servers for the tests', node: ['tools/test-parts.ts'] }, { name: 'build', node: ['tools/build.ts'] }, vitest()]),
]);
