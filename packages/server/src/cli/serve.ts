/** `wyckoff serve`: the server and the desk, the same as `npm start` without installing and building. */
import { startServer } from '../main.ts';

export interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly speed?: string;
  readonly paused?: boolean;
}

export async function serve(options: ServeOptions): Promise<void> {
  const { port, host, data, speed, paused } = options;
  await startServer({ port, host, data, speed, play: paused === true ? false : undefined });
}
