/** `npm start`: builds what is stale, then becomes the bundled server, so that no build tool stays in memory. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { SERVER_FLAGS } from './server-flags.mjs';
import { dist, isStale, root } from './stale.ts';

if (isStale('server') || isStale('web')) {
  process.stderr.write('wyckoff: building (only when something changed)\n');
  const { status } = spawnSync(process.execPath, [join(root, 'tools/build.ts')], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    process.stderr.write('wyckoff: the build failed; see above\n');
    process.exit(1);
  }
}

const args = [...SERVER_FLAGS, join(dist, 'main.mjs'), ...process.argv.slice(2)];
if (process.platform === 'win32' || typeof process.execve !== 'function') {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
} else process.execve(process.execPath, [process.execPath, ...args], process.env);
