/** How the jobs end on the command line. */
import { Exit, EXIT } from '../cli/exit-codes.ts';

const USAGE = new Set(['PARQUET_COLUMNS', 'PARQUET_UNREADABLE', 'PARQUET_TYPE']);

/** A file that cannot be used ends the verb with its sentence: 2 for wrong form, 1 for a damaged file. */
export async function orExit<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ParquetRefused') throw error;
    const { code } = error as Error & { code?: string };
    throw new Exit(USAGE.has(code ?? '') ? EXIT.usage : EXIT.failed, error.message);
  }
}
