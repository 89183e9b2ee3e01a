/** PostgreSQL's values as the shared SQL expects them: numbers are safe or refused, flags are 0 or 1, JSON is its text. */
import type { CustomTypesConfig } from 'pg';

const [BOOL, BYTEA, INT8, INT2, INT4, JSON_TEXT, FLOAT4, FLOAT8, NUMERIC, JSONB] = [
  16, 17, 20, 21, 23, 114, 700, 701, 1700, 3802,
];

/** @throws RangeError: a number that JavaScript would round is refused, never rounded (pitfalls 10). */
export function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`store: expected a bigint within 2^53, was ${text}`);
  return value;
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text.slice(2), 'hex');
}

const asText = (text: string): string => text;

function parserOf(oid: number): (text: string) => unknown {
  switch (oid) {
    case INT8:
    case NUMERIC:
      return safeInteger;
    case INT2:
    case INT4:
    case FLOAT4:
    case FLOAT8:
      return Number;
    case BOOL:
      return (text) => (text === 't' ? 1 : 0);
    case BYTEA:
      return bytesOf;
    case JSON_TEXT:
    case JSONB:
      return asText;
    default:
      return asText;
  }
}

export const VALUES: CustomTypesConfig = { getTypeParser: (oid: number) => parserOf(oid) as never };
