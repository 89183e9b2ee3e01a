/** Every mistake of an accuracy run as one JSON object per line, written while the run goes on (memory.md H5). */
import type { Example } from '@wyckoff/domain';
import { closeSync, openSync, writeSync } from 'node:fs';

const FLUSH_AT = 65_536;

export interface ExampleFile extends AsyncDisposable {
  readonly add: (example: Example) => void;
}

/** Null without a path. Written synchronously in blocks: the meter waits for the disk, and nothing piles up. */
export function exampleFile(path: string | undefined): ExampleFile | null {
  if (path === undefined) return null;
  const file = openSync(path, 'w');
  let text = '';
  const flush = (): void => {
    writeSync(file, text);
    text = '';
  };
  return {
    add: (example) => {
      text += `${JSON.stringify(example)}\n`;
      if (text.length >= FLUSH_AT) flush();
    },
    [Symbol.asyncDispose]: () => {
      flush();
      closeSync(file);
      return Promise.resolve();
    },
  };
}
