/** `wyckoff serve`: the server and the desk, the same as `npm start` without installing and building. */
import { runServer } from '../run.ts';
import { Exit, EXIT } from './exit-codes.ts';

export interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly speed?: string;
  readonly paused?: boolean;
  readonly feed?: string;
  readonly symbol?: string;
  readonly timeframe?: string;
  readonly broker?: string;
  readonly calendar?: string;
  readonly instruments?: string;
  readonly input?: string;
  readonly assetClass?: string;
}

/** Serves until it is told to stop. */
export async function serve(options: ServeOptions): Promise<void> {
  const { paused, ...rest } = options;
  const code = await runServer({ ...rest, play: paused === true ? false : undefined });
  // It has said why.
  if (code !== EXIT.done) throw new Exit(code, '');
}
