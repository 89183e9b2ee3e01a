/** `npm test`: everything a merge needs to know from tests, a real browser and real databases included. Arguments go to the test runner. */
import process from 'node:process';
import { runSteps, vitest } from './steps.ts';

runSteps([
  { name: 'servers for the tests', node: ['tools/test-parts.ts'] },
  { name: 'build', node: ['tools/build.ts'] },
  vitest(...process.argv.slice(2)),
]);
