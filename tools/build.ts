/** `npm run build`: server and command line as bundles, the web app beside them, each only when its sources changed. `--force` builds all. */
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { dist, dropStamp, engineHash, isStale, type Part, root, sourceHash, writeStamp } from './stale.ts';

const VERSION = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
const KEEP_OLD_CHUNKS_MS = 24 * 3_600_000;

async function definitions(): Promise<Record<string, string>> {
  const { contractHash } = await import('./contract-hash.ts');
  return {
    __CONTRACT_HASH__: JSON.stringify(contractHash()),
    __VERSION__: JSON.stringify(VERSION),
    __ENGINE_HASH__: JSON.stringify(engineHash()),
  };
}

const unused = (name: string): string => join(root, 'tools/unused', `${name}.cjs`);

/** One file per entry and shared chunks; the native store library stays outside and is resolved from node_modules. */
async function buildServer(define: Record<string, string>): Promise<void> {
  const { build } = await import('esbuild');
  const cli = join(root, 'packages/server/src/cli/main.ts');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      main: 'tools/serve.ts',
      ...(existsSync(cli) ? { cli } : {}),
      // Threads are files of their own.
      'store-reader': 'packages/server/src/store/sqlite/reader-thread.ts',
    },
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['better-sqlite3', 'pg-native'],
    // About a third of the code, never run here, and memory for as long as the server lives.
    alias: {
      '@fastify/ajv-compiler': unused('json-schema-compiler'),
      '@fastify/fast-json-stringify-compiler': unused('json-schema-compiler'),
      glob: unused('glob'),
    },
    define,
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: false,
    legalComments: 'none',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
    // Dependencies in CommonJS ask for Node's own modules by `require`.
    banner: { js: "import { createRequire as __require_of } from 'node:module'; const require = __require_of(import.meta.url);" },
  });
  const written = Object.keys(metafile.outputs).map((path) => join(root, path));
  for (const old of globSync('chunks/*', { cwd: dist }).map((path) => join(dist, path))) {
    // A server that is running may still load a chunk of the build before.
    if (!written.includes(old) && Date.now() - statSync(old).mtimeMs > KEEP_OLD_CHUNKS_MS) rmSync(old, { force: true });
  }
}

/** Into a folder of its own first: a page that is being loaded never meets half a build. */
async function buildWeb(define: Record<string, string>): Promise<void> {
  const { build } = await import('vite');
  const [next, before] = [join(dist, `web.next-${process.pid}`), join(dist, `web.before-${process.pid}`)];
  try {
    await build({
      root: join(root, 'packages/web'),
      configFile: join(root, 'packages/web/vite.config.ts'),
      define,
      build: { outDir: next, emptyOutDir: true },
      logLevel: 'warn',
    });
    compress(next);
    if (existsSync(join(dist, 'web'))) renameSync(join(dist, 'web'), before);
    renameSync(next, join(dist, 'web'));
  } finally {
    for (const left of [next, before]) rmSync(left, { recursive: true, force: true });
  }
}

/** Beside each text asset its brotli and gzip forms; the document gets a nonce per answer, so it stays as it is. */
function compress(folder: string): void {
  for (const path of globSync('**/*.{js,css,svg,json,webmanifest}', { cwd: folder })) {
    const file = join(folder, path);
    const bytes = readFileSync(file);
    if (bytes.length < 1_024) continue;
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

const BUILDERS: Readonly<Record<Part, (define: Record<string, string>) => Promise<void>>> = {
  server: buildServer,
  web: buildWeb,
};

async function buildStale(parts: readonly Part[], force: boolean): Promise<void> {
  mkdirSync(dist, { recursive: true });
  const stale = parts.filter((part) => force || isStale(part));
  if (stale.length === 0) return;
  const define = await definitions();
  for (const part of stale) {
    const startedMs = performance.now();
    const hash = sourceHash(part);
    dropStamp(part);
    await BUILDERS[part](define);
    writeStamp(part, hash);
    process.stderr.write(`wyckoff: built ${part} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
  }
}

const asked = (['server', 'web'] as const).filter((part) => process.argv.includes(`--only=${part}`));
await buildStale(asked.length === 0 ? ['server', 'web'] : asked, process.argv.includes('--force'));
