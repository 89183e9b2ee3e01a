/** Where an export goes: a file that appears under its name only when it is complete, or standard output. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import process from 'node:process';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

export const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

export interface FileHead {
  readonly format: Format;
  /** `-`: standard output. */
  readonly out: string;
  /** Of a Parquet file. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Sink {
  finish(): Promise<void>;
}

export interface Target<S extends Sink> extends AsyncDisposable {
  readonly sink: S;
  finish(): Promise<void>;
}

/** What is not finished leaves no file. */
export async function openTarget<S extends Sink>(
  { format, out }: FileHead,
  sinks: { readonly text: (out: Writable) => S; readonly parquet: () => Promise<S & AsyncDisposable> },
): Promise<Target<S>> {
  if (format === 'parquet') {
    const sink = await sinks.parquet();
    return { sink, finish: () => sink.finish(), [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose]() };
  }
  const partial = `${out}.partial`;
  const stream: Writable = out === '-' ? process.stdout : createWriteStream(partial);
  const sink = sinks.text(stream);
  let done = out === '-';
  return {
    sink,
    finish: async () => {
      await sink.finish();
      if (out === '-') return;
      stream.end();
      await finished(stream);
      await rename(partial, out);
      done = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (done) return;
      stream.destroy();
      await rm(partial, { force: true });
    },
  };
}
