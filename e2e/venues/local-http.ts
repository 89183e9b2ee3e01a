/** An HTTP server on a free port of this machine that carries faults: hangs, resets, 500, 429, HTML; it says how many requests it still owes. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FaultList } from './faults.ts';

export interface LocalAnswer {
  readonly status: number;
  readonly body?: unknown;
}

export interface LocalRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export class LocalHttp {
  readonly faults = new FaultList();
  readonly server: Server;
  /** Requests by `METHOD /path`. */
  readonly seen: string[] = [];
  /** Received and not answered, the hung ones not counted: while this is above 0 a virtual clock should stand still. */
  owed = 0;
  /** Every connection is cut as it comes. */
  down = false;
  #answer: (request: LocalRequest) => LocalAnswer;

  constructor(answer: (request: LocalRequest) => LocalAnswer) {
    this.#answer = answer;
    this.server = createServer((request, response) => void this.#serve(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => void this.server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.down) {
      request.socket.destroy();
      return;
    }
    this.owed += 1;
    let owes = true;
    const done = (): void => {
      if (owes) this.owed -= 1;
      owes = false;
    };
    response.on('close', done);
    const parts: Buffer[] = [];
    try {
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    } catch {
      done();
      return;
    }
    const url = new URL(request.url ?? '/', 'http://local');
    const method = request.method ?? 'GET';
    this.seen.push(`${method} ${url.pathname}`);
    const fault = this.faults.take(method, url.pathname);
    const act = (): LocalAnswer => {
      const text = Buffer.concat(parts).toString('utf8');
      return this.#answer({ method, path: url.pathname, query: url.searchParams, headers: request.headers, text });
    };
    switch (fault?.kind) {
      case 'hang-before':
        done();
        return;
      case 'hang-after':
        act();
        done();
        return;
      case 'reset-before':
        request.socket.destroy();
        return;
      case 'reset-after':
        act();
        request.socket.destroy();
        return;
      case '500-before':
        reply(response, { status: 500, body: { message: 'internal server error' } });
        return;
      case '500-after':
        act();
        reply(response, { status: 500, body: { message: 'internal server error' } });
        return;
      case '429':
        response.setHeader('retry-after', String(fault.retryAfterSeconds ?? 1));
        reply(response, { status: 429, body: { message: 'rate limit exceeded' } });
        return;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<html><body>maintenance</body></html>');
        return;
      case 'garbage':
        act();
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end('{"id": 7, "status":');
        return;
      default:
        reply(response, act());
    }
  }
}

function reply(response: ServerResponse, { status, body }: LocalAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
