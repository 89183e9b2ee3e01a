/** What PostgreSQL, or the way to it, says when something fails, as rows of the store's table. */
import { StoreFailure } from '../refused.ts';

/** The connection is of no use any more. */
export function isBroken(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return (
    /^(08|57P0[1-5])/.test(code) ||
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOST|ENETUN|ENOENT|EAI_)/.test(code) ||
    /Connection terminated|not queryable|Client has encountered a connection error|timeout (exceeded|expired)|server closed/i.test(
      message,
    )
  );
}

/** `committing`: the error came while the commit was under way. */
export function failureOf(error: unknown, holder: string, committing = false): unknown {
  if (error instanceof StoreFailure) return error;
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (isBroken(error)) {
    const sentence = `The database cannot be reached (${holder}): ${message === '' ? code : message}.`;
    return new StoreFailure('store.unavailable', sentence, { cause: error, outcomeUnknown: committing });
  }
  switch (code) {
    case '57014':
      return new StoreFailure('store.timeout', `The query took too long (${holder}): ${message}.`, { cause: error });
    case '53100':
      return new StoreFailure('store.full', `The disk of the database is full (${holder}): ${message}.`, { cause: error });
    case '53300':
    case '55P03':
    case '40P01':
    case '40001':
      return new StoreFailure('store.busy', `The database is busy (${holder}): ${message}.`, { cause: error });
    case '25P03':
      return new StoreFailure('store.timeout', `The transaction stood idle too long (${holder}): ${message}.`, { cause: error });
    default:
      return error;
  }
}
