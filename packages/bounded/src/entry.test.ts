/** The main entry is for the browser too: it bundles without anything of Node. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

async function bundleForBrowser(entry: string): Promise<string[]> {
  const entryPoints = [fileURLToPath(new URL(entry, import.meta.url))];
  const result = await build({
    entryPoints,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  });
  return Object.keys(result.metafile.inputs);
}

test('the main entry bundles for the browser', async () => {
  const inputs = await bundleForBrowser('./index.ts');
  expect(inputs.some((path) => path.includes('lru-cache/dist/esm/browser'))).toBe(true);
});

test('twin: the leak kit, which is for Node, does not', async () => {
  await expect(bundleForBrowser('./leak-kit/index.ts')).rejects.toThrow('node:');
});
