/** `wyckoff serve`: the server and the desk, the same as `npm start` without installing and building. */
import process from 'node:process';
import { runServer } from '../run.ts';

export interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly speed?: string;
  readonly paused?: boolean;
}

/** Serves until it is told to stop. */
export async function serve(options: ServeOptions): Promise<void> {
  const { port, host, data, speed, paused } = options;
  process.exitCode = await runServer({ port, host, data, speed, play: paused === true ? false : undefined });
}
