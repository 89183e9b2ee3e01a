/** Thins a store and says each batch, a line each, until it is done or killed. */
import { Scope } from '@wyckoff/bounded';
import process from 'node:process';
import { openStore } from '../open.ts';

const [path = '', now = '0'] = process.argv.slice(2);
await using scope = new Scope({ name: 'retainer' });
const store = await openStore({ scope, path });
// So slowly that whoever means to kill it in the middle does.
await store.retain({
  now: Number(now),
  pauseMs: 400,
  onBatch: ({ table, rows }) => void process.stdout.write(`${table} ${rows}\n`),
});
