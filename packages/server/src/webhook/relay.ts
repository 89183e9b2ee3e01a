/** Signs an alert once and hands it over until the server has it: the server may be restarting, and who sent the alert does not send it again (trading.md 8.4). */
import type { Scope, StopSignal, Task } from '@wyckoff/bounded';
import { ROUTES } from '@wyckoff/contracts';
import { Backoff } from '../venue/backoff.ts';
import type { HttpAnswer, HttpClient } from '../venue/http-client.ts';
import { HttpFailure } from '../venue/http-failure.ts';
import { sign, SIGNATURE_WINDOW_S } from './signature.ts';

export interface RelayOptions {
  readonly scope: Scope;
  /** Of the server of the account. */
  readonly client: HttpClient;
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly random?: (() => number) | undefined;
}

/** What became of an alert: what the server answered, or why it never did. */
export type Relayed =
  | { readonly delivered: true; readonly status: number; readonly answer: unknown; readonly tries: number }
  | { readonly delivered: false; readonly reason: string; readonly tries: number };

/** Tried no longer than its signature is good, with room for a slow answer. */
const PATIENCE_MS = (SIGNATURE_WINDOW_S - 30) * 1000;
const LONGEST_WAIT_MS = 15_000;

export class Relay {
  readonly #options: RelayOptions;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** @throws TaskRefusedError when too many alerts are under way. */
  take(alert: unknown): Task<Relayed> {
    return this.#options.scope.task('alert', (signal) => this.#deliver(alert, signal));
  }

  /** One signature for all tries: it is the identity of the signal, so that ten tries cannot make two. */
  async #deliver(alert: unknown, signal: StopSignal): Promise<Relayed> {
    const { scope, secret, wallClock, random } = this.#options;
    const timestamp = String(Math.floor(wallClock() / 1000));
    const signature = sign(secret, timestamp, Buffer.from(JSON.stringify(alert)));
    const headers = { 'x-timestamp': timestamp, 'x-signature': signature };
    const endMs = scope.timers.now() + PATIENCE_MS;
    const backoff = new Backoff({ mostMs: LONGEST_WAIT_MS, ...(random !== undefined && { random }) });
    for (let tries = 1; ; tries += 1) {
      const result = await this.#try(alert, headers, signal);
      if (!(result instanceof HttpFailure) && result.status !== 429 && result.status < 500)
        return { delivered: true, status: result.status, answer: result.json ?? result.text, tries };
      const reason = result instanceof HttpFailure ? result.message : `the server answered ${result.status}`;
      const asked = result instanceof HttpFailure ? 0 : (result.retryAfterMs ?? 0);
      const waitMs = Math.max(asked, backoff.nextMs());
      if (signal.aborted || scope.timers.now() + waitMs > endMs) return { delivered: false, reason, tries };
      await scope.delay(waitMs, 'next try');
    }
  }

  async #try(body: unknown, headers: Readonly<Record<string, string>>, signal: StopSignal): Promise<HttpAnswer | HttpFailure> {
    try {
      const { method, path } = ROUTES.webhook;
      return await this.#options.client.request({ method, path, body, headers, signal });
    } catch (error) {
      if (error instanceof HttpFailure) return error;
      throw error;
    }
  }
}
