/** The last resort of the kill switch: a file in the data folder, which stops opening orders when neither server nor database can be told. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KILL_SWITCH_OFF, readKillSwitch, unreadable, type KillSwitch } from '@wyckoff/domain';

/** Its name in the data folder; an empty one means STOP. */
export const HALT_FILE = 'halt.json';
/** A file larger than this is no flag of ours; it still stops. */
const MAX_BYTES = 1024 * 1024;

/** The file of a data folder. */
export class HaltFile {
  readonly path: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, HALT_FILE);
  }

  /** OFF when there is no file; whatever is in one that cannot be understood is STOP. */
  async read(): Promise<KillSwitch> {
    let text: string;
    try {
      text = await readFile(this.path, { encoding: 'utf8' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return KILL_SWITCH_OFF;
      return unreadable(`The file ${HALT_FILE} cannot be read: ${(error as Error).message}. Treated as STOP.`);
    }
    if (text.length > MAX_BYTES) return unreadable(`The file ${HALT_FILE} is too large. Treated as STOP.`);
    try {
      return readKillSwitch(JSON.parse(text));
    } catch {
      return unreadable(`The file ${HALT_FILE} stands in the data folder: STOP.`);
    }
  }

  /** Whole or not at all: written beside, then moved over. */
  async write(kill: KillSwitch): Promise<void> {
    const beside = `${this.path}.${process.pid}`;
    await writeFile(beside, JSON.stringify(kill), { mode: 0o600, flush: true });
    await rename(beside, this.path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
