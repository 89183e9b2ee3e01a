/**
 * Runs a script on the pinned Node 24, installing the project first when that is needed.
 * Plain JavaScript without dependencies: it is the one file that any Node >= 20 must be able to run.
 *
 *   node tools/pinned.mjs [node options] <script> [arguments]
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.wyckoff-install');

/** Installs with npm when node_modules is missing or older than the lock file. */
export function installWhenNeeded() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('wyckoff: installing dependencies (once)\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const install = spawnSync(
    npm,
    ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts', '--include=dev', '--include=optional'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    },
  );
  if (install.error || install.status !== 0) {
    process.stderr.write('wyckoff: npm ci failed; check the network and run it again\n');
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

/** Path of the pinned Node binary; on platforms without a packaged one, the running Node when it is new enough. */
export function pinnedNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const binary = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  process.stderr.write(
    `wyckoff: expected Node 24, was ${process.versions.node}, and npm carries no Node 24 for ${process.platform}-${process.arch}. ` +
      'Install Node 24 LTS and run the command again.\n',
  );
  process.exit(1);
}

/**
 * How far the compiler may go in taking functions into their callers, in bytes of bytecode. By default it stops early (460, 920):
 * a bar's path through the detector is then some twenty calls, and every fraction handed across one costs 16 bytes of memory.
 * Much further (1000, 4000) the detector is 5 % slower again: what seldom happens then lies among what happens on every bar.
 * The limits change speed only, never a result.
 */
const INLINING = ['--max-inlined-bytecode-size=600', '--max-inlined-bytecode-size-cumulative=2000'];

/** Runs the pinned Node with these arguments; signals and the exit code pass through. */
export function runPinned(args) {
  const options = ['--disable-warning=ExperimentalWarning', ...INLINING, ...args];
  const child = spawn(pinnedNode(), options, { stdio: 'inherit', cwd: process.cwd() });
  // The terminal sends Ctrl-C to the whole group; a supervisor signals only this process.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  // npm passes a signal on to the shell between us only: when that shell has gone, nobody is left to end the child.
  const parent = process.ppid;
  const orphaned = setInterval(() => {
    if (process.env.npm_lifecycle_event === undefined || process.ppid === parent) return;
    clearInterval(orphaned);
    child.kill('SIGTERM');
  }, 250);
  child.on('exit', (code, signal) => {
    clearInterval(orphaned);
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installWhenNeeded();
  runPinned(process.argv.slice(2));
}
