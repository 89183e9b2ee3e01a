/** Which files a verb works on: paths and patterns, each file once, in the order of their names. */
import { glob, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { Exit, EXIT } from '../../cli/exit-codes.ts';

export type FileKind = 'csv' | 'ndjson' | 'parquet';

export interface InputFile {
  readonly path: string;
  readonly kind: FileKind;
  /** 0 where it cannot be told (standard input). */
  readonly bytes: number;
  /** Changes when the file does; null for standard input, which cannot be resumed. */
  readonly identity: string | null;
}

const MOST_FILES = 100_000;

/** @throws Exit 2 when a path or a pattern names no file. */
export async function inputFiles(patterns: readonly string[]): Promise<readonly InputFile[]> {
  const paths: string[] = [];
  for (const pattern of patterns) {
    const found = await expanded(pattern);
    if (found.length === 0) throw new Exit(EXIT.usage, `${pattern}: there is no such file.`);
    paths.push(...found);
    if (paths.length > MOST_FILES) throw new Exit(EXIT.usage, `expected at most ${MOST_FILES} files, were more.`);
  }
  const unique = [...new Set(paths)];
  return Promise.all(unique.map(fileOf));
}

async function expanded(pattern: string): Promise<string[]> {
  if (pattern === '-' || !/[*?[\]{}]/.test(pattern) || (await exists(pattern))) return [pattern];
  const found: string[] = [];
  // A pattern means the files among what it matches.
  for await (const entry of glob(pattern, { withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory()) found.push(isAbsolute(pattern) ? path : relative('', path));
  }
  return found.sort();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function kindOf(path: string): FileKind {
  if (/\.parquet$/i.test(path)) return 'parquet';
  return /\.(?:ndjson|jsonl)$/i.test(path) ? 'ndjson' : 'csv';
}

async function fileOf(path: string): Promise<InputFile> {
  const kind = kindOf(path);
  if (path === '-') return { path, kind, bytes: 0, identity: null };
  try {
    const { size, mtimeMs, isDirectory } = await stat(path).then((of) => ({
      size: of.size,
      mtimeMs: of.mtimeMs,
      isDirectory: of.isDirectory(),
    }));
    if (isDirectory) throw new Exit(EXIT.usage, `${path} is a folder: give its files, such as ${path}/*.csv.`);
    return { path, kind, bytes: size, identity: `${path} ${size} ${mtimeMs}` };
  } catch (error) {
    if (error instanceof Exit) throw error;
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new Exit(EXIT.usage, `${path} cannot be read: ${reason}.`);
  }
}
