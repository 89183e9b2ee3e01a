/** The rules a verb works with: a built-in pack by its name, or a user's own from a JSON file. */
import { CLASSIC, STRICT, type RulePack } from '@wyckoff/domain';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { Exit, EXIT } from './exit-codes.ts';
import { tell } from './output.ts';

/** A pack has a few kilobytes; what is larger is something else. */
const MOST_BYTES = 65_536;

export interface Rules {
  readonly pack: RulePack;
  /** Name, and of a user's pack its version: what people see. */
  readonly name: string;
  /** SHA-256 of the resolved pack as canonical JSON: equal hashes, equal rules. */
  readonly hash: string;
}

/** @throws Exit 2 with every fault when the file cannot be read or is no pack. */
export async function rulesOf({ rules, quiet }: { readonly rules: string; readonly quiet?: boolean }): Promise<Rules> {
  const { canonicalPack, readRulePack } = await import('@wyckoff/contracts/rule-packs');
  const hashOf = (pack: RulePack): string => createHash('sha256').update(canonicalPack(pack)).digest('hex');
  if (rules === 'strict' || rules === 'classic') {
    const pack = rules === 'strict' ? STRICT : CLASSIC;
    return { pack, name: rules, hash: hashOf(pack) };
  }
  const answer = readRulePack(await jsonOf(rules));
  if (!answer.ok) throw new Exit(EXIT.usage, `${rules}: no rule pack.\n${answer.faults.map((fault) => `  ${fault}`).join('\n')}`);
  if (quiet !== true) for (const remark of answer.remarks) tell(`${rules}: ${remark}`);
  const { pack } = answer;
  return { pack, name: `${pack.name} ${pack.version}`, hash: hashOf(pack) };
}

async function jsonOf(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Exit(EXIT.usage, `${path}: expected JSON, ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES)
      throw new Exit(EXIT.usage, `${path}: expected at most ${MOST_BYTES} bytes, was ${size}; this is no rule pack`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Exit) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a folder' : String(code ?? error);
    throw new Exit(EXIT.usage, `${path}: ${why}. --rules takes strict, classic or a JSON file.`);
  }
}
