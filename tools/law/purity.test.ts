/** The domain cannot reach a clock, a socket or the console: the compiler and the linter refuse each planted attempt. */
import { join } from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const domain = join(root, 'packages', 'domain');

/** Diagnostics of one snippet compiled as if it were a file of the domain. */
function compileInDomain(snippet: string): string[] {
  const { config } = ts.readConfigFile(join(domain, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, domain);
  const file = join(domain, 'src', 'planted.ts');
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) =>
    name === file ? ts.createSourceFile(name, snippet, version) : readSource(name, version);
  const program = ts.createProgram([file], options, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(file))
    .map((d) => ts.flattenDiagnosticMessageText(d.messageText, ' '));
}

describe('architecture 1: purity of the domain is a compile error', () => {
  it.each([
    'setTimeout(() => 1, 5)',
    'setInterval(() => 1, 5)',
    "fetch('http://x')",
    'process.exit(1)',
    "console.log('x')",
    'document.title',
    'localStorage.clear()',
    'Buffer.alloc(1)',
  ])('%s does not exist there', (planted) => {
    expect(compileInDomain(`export const planted = () => { ${planted}; };`).join()).toMatch(/Cannot find name/);
  });

  it('ordinary arithmetic compiles, so the errors above are not about the set-up', () => {
    expect(compileInDomain('export const half = (x: number): number => Math.sqrt(x) / 2;')).toEqual([]);
  });
});

describe('architecture 1: lint refuses what the compiler must allow', () => {
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: join(root, 'eslint.config.js'),
    ruleFilter: ({ ruleId }) => ruleId === 'no-restricted-syntax',
  });
  const lint = async (code: string) => {
    // Linted under the name of a file that the project knows, so that type information is there.
    const [result] = await eslint.lintText(code, { filePath: join(domain, 'src', 'bar', 'bar.ts') });
    return result?.messages.map((m) => m.message) ?? [];
  };

  it.each([
    'await Promise.resolve(1);',
    'export const t = Date.now();',
    'export const t = new Date();',
    'export const r = Math.random();',
    'export const f = async () => 1;',
  ])('%s is refused in the domain', async (planted) => {
    expect(await lint(planted)).not.toEqual([]);
  });

  it('a pure line passes', async () => {
    expect(await lint('export const one = 1;\n')).toEqual([]);
  });
});
