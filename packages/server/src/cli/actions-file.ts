/** A file of splits and renames: `date,symbol,kind,value`, one a line, header or none. */
import type { CorporateAction } from '@wyckoff/domain';
import { readFile } from 'node:fs/promises';
import { Exit, EXIT } from './exit-codes.ts';
import { dayOf, priceFactorOf } from './split-words.ts';

const MOST = 10_000;
const SYMBOL = /^[A-Z0-9./^-]{1,20}$/;

/** Ascending in time. @throws Exit 2 with the line that is none: half a file is not applied. */
export async function readActions(path: string): Promise<readonly CorporateAction[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Exit(EXIT.usage, `${path} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}.`);
  });
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const actions: CorporateAction[] = []; // bounded: MOST
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '' || (i === 0 && /^\s*"?date\b/i.test(line))) continue;
    actions.push(actionOf(line, `${path}: line ${i + 1}`));
    if (actions.length > MOST) throw new Exit(EXIT.usage, `${path}: expected at most ${MOST} actions, were more.`);
  }
  if (actions.length === 0) throw new Exit(EXIT.failed, `${path}: there is no action in it: expected date,symbol,kind,value.`);
  return actions.sort((a, b) => a.from - b.from);
}

function actionOf(line: string, where: string): CorporateAction {
  const [date = '', name = '', kind = '', value = ''] = line.split(',').map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
  const refuse = (expected: string, was: string): Exit =>
    new Exit(EXIT.usage, `${where}: expected ${expected}, was "${was}": nothing was changed.`);
  const [from, symbol] = [dayOf(date), name.toUpperCase()];
  if (from === null) throw refuse('a day such as 2020-08-31', date);
  if (!SYMBOL.test(symbol)) throw refuse('a symbol of 1-20 of A-Z 0-9 . / ^ -', name);
  if (/^split$/i.test(kind)) {
    const priceFactor = priceFactorOf(value);
    if (priceFactor === null) throw refuse('new shares to old ones, such as 4:1', value);
    return { kind: 'SPLIT', symbol, from, priceFactor };
  }
  if (!/^rename$/i.test(kind)) throw refuse('split or rename', kind);
  const to = value.toUpperCase();
  if (!SYMBOL.test(to) || to === symbol) throw refuse('another symbol', value);
  return { kind: 'RENAME', symbol, to, from };
}
