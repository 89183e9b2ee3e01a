/** Commits until the disk is full and says how far it came: `node fill-disk-process.ts <path of the store>`, under a limit on the size of files. */
import process from 'node:process';
import { DEMO_SYMBOL } from '../../session/demo-series.ts';
import { openSqliteStore } from '../sqlite/sqlite-store.ts';
import { ACCOUNT, commitOf, refOf } from './samples.ts';

// The system's own word for a file that grew too large; without a listener it would end the process.
process.on('SIGXFSZ' as NodeJS.Signals, () => undefined); // bounded: one, for the life of the process
const path = process.argv[2] ?? '';
const store = openSqliteStore({ path });
const engine = refOf(await store.saveSymbol(DEMO_SYMBOL, '1d'));
await store.openEngine(engine, ACCOUNT);
let committed = 0;
try {
  for (; committed < 1e6; committed += 10) await store.commit(commitOf(engine, committed, committed + 10));
} catch (error) {
  const { code, message } = error as { code: string; message: string };
  process.stdout.write(JSON.stringify({ committed, code, message }));
}
process.exit(0);
