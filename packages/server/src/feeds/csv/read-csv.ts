/** A CSV file into bar columns: read piece by piece, whatever its size, giving way to the event loop between pieces. */
import { open } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { CsvParser, type CsvAnswer, type CsvOptions } from './csv-parser.ts';
import { emptyReport } from './report.ts';

const CHUNK_BYTES = 1_048_576;

/** Reads a file, or standard input for `-`. A file that cannot be opened or read is refused, not thrown. */
export async function readCsv(path: string, options: CsvOptions): Promise<CsvAnswer> {
  const parser = new CsvParser(options);
  try {
    if (path === '-') for await (const chunk of process.stdin) parser.write(chunk as Uint8Array);
    else await readInto(parser, path);
  } catch (error) {
    return {
      ok: false,
      code: 'CSV_UNREADABLE',
      sentence: `${path} cannot be read: ${reasonOf(error)}.`,
      remedy: 'Give the path of a CSV file that exists and may be read.',
      missing: [],
      report: emptyReport(),
    };
  }
  return parser.end();
}

async function readInto(parser: CsvParser, path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    while (!parser.stopped) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      parser.write(chunk.subarray(0, bytesRead));
      await turn();
    }
  } finally {
    await file.close();
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'reading it is not permitted';
  return error instanceof Error ? error.message : String(error);
}
