/** A market data server on a free port of this machine, over real sockets, that misbehaves on demand. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Timeframe } from '@wyckoff/domain';
import { WebSocketServer, type WebSocket } from 'ws';
import { Tape, type TapeBar } from './tape.ts';

/** What the next answer by HTTP does wrong; each is used up by one request. */
export type RestFault =
  | '429'
  | '500'
  | '403'
  | 'html'
  /** JSON that ends in the middle. */
  | 'cut'
  | 'nan'
  | 'reverse'
  /** Every bar twice. */
  | 'duplicate'
  /** Begins a few bars before what was asked for. */
  | 'overlap'
  /** The same page for ever. */
  | 'stuck'
  | 'reset'
  | 'hang'
  | 'slow';

export interface RestAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Peer {
  readonly socket: WebSocket;
  readonly streams: Set<string>;
}

export abstract class DataServer {
  readonly tape = new Tape();
  readonly faults: RestFault[] = [];
  /** Paths and queries asked for. */
  readonly asked: string[] = [];
  /** Control messages received, with their real time. */
  readonly heard: { readonly atMs: number; readonly text: string }[] = [];
  /** Connections opened since the beginning. */
  opened = 0;
  retryAfterSeconds = 1;
  /** Says Retry-After as a date instead. */
  retryAfterAsDate = false;
  /** Page tokens lead round in a circle. */
  circle = false;
  /** The server ends every connection as soon as it is open. */
  slam = false;
  /** Ends the connection after the login or subscription, before saying anything: no welcome. */
  mute = false;
  /** The venue's clock against ours, ms. */
  skewMs = 0;
  protected readonly peers = new Set<Peer>();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #frozen = new Set<Socket>();

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket: Socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (peer) => this.#welcome(peer, socket));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get streamUrl(): string {
    return this.url.replace('http', 'ws');
  }

  get connected(): number {
    return this.peers.size;
  }

  /** Streams that somebody listens to. */
  subscribedStreams(): number {
    return [...this.peers].reduce((sum, { streams }) => sum + streams.size, 0);
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A bar closes: history has it, and whoever listens hears it. */
  publish(symbol: string, timeframe: Timeframe, bar: TapeBar): void {
    this.tape.add(symbol, timeframe, bar);
    this.tell(symbol, timeframe, bar, 'closed');
  }

  /** Says a bar on the stream, whatever history has. */
  tell(symbol: string, timeframe: Timeframe, bar: TapeBar, kind: 'closed' | 'forming' | 'revised'): void {
    for (const { socket, streams } of this.peers) {
      if (streams.has(this.streamOf(symbol, timeframe))) socket.send(this.barText(symbol, timeframe, { bar, kind }));
    }
  }

  /** Any text to everybody. */
  say(text: string): void {
    for (const { socket } of this.peers) socket.send(text);
  }

  /** Ends every connection without a word. */
  drop(): void {
    for (const { socket } of this.peers) socket.terminate();
    this.peers.clear();
    for (const socket of this.#frozen) socket.destroy();
    this.#frozen.clear();
  }

  /** Half-open: the connections stay, nothing is read from them and nothing is sent any more. */
  freeze(): void {
    for (const { socket } of this.peers) {
      const tcp = (socket as unknown as { _socket: Socket })._socket;
      tcp.pause();
      this.#frozen.add(tcp);
    }
    this.peers.clear();
  }

  protected abstract streamOf(symbol: string, timeframe: Timeframe): string;
  protected abstract barText(
    symbol: string,
    timeframe: Timeframe,
    said: { readonly bar: TapeBar; readonly kind: string },
  ): string;
  protected abstract control(peer: Peer, text: string): void;
  protected abstract greet(peer: Peer): void;
  protected abstract answer(path: string, query: URLSearchParams, request: { readonly headers: IncomingMessage['headers']; readonly fault: RestFault | undefined }): RestAnswer; // prettier-ignore

  /** Bars of one page, bent by the fault. */
  protected bent(bars: readonly TapeBar[], fault: RestFault | undefined, before: readonly TapeBar[]): readonly TapeBar[] {
    if (fault === 'reverse') return [...bars].reverse();
    if (fault === 'duplicate') return bars.flatMap((bar) => [bar, bar]);
    if (fault === 'overlap') return [...before.slice(-3), ...bars];
    if (fault === 'nan') return bars.flatMap((bar, i) => (i === 0 ? [{ ...bar, time: bar.time - 1, close: NaN }, bar] : [bar]));
    return bars;
  }

  #retryAfter(): string {
    // A date has whole seconds: the one after it is meant.
    const until = Math.ceil(Date.now() / 1000 + this.retryAfterSeconds) * 1000;
    return this.retryAfterAsDate ? new Date(until).toUTCString() : String(this.retryAfterSeconds);
  }

  #welcome(socket: WebSocket, tcp: Socket): void {
    this.opened += 1;
    if (this.slam) {
      socket.terminate();
      return;
    }
    tcp.setNoDelay(true);
    const peer: Peer = { socket, streams: new Set() };
    this.peers.add(peer);
    socket.on('error', () => undefined);
    socket.on('close', () => this.peers.delete(peer));
    socket.on('message', (data: Buffer) => {
      const text = data.toString('utf8');
      this.heard.push({ atMs: performance.now(), text });
      if (this.mute) socket.terminate();
      else this.control(peer, text);
    });
    this.greet(peer);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const url = new URL(request.url ?? '/', 'http://local');
    this.asked.push(`${url.pathname}${url.search}`);
    const fault = this.faults.shift();
    if (fault === 'hang') return;
    if (fault === 'reset') {
      request.socket.destroy();
      return;
    }
    if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, 50));
    if (fault === '429') response.writeHead(429, { 'retry-after': this.#retryAfter() }).end('{"msg":"too many"}');
    else if (fault === '500' || fault === '403') response.writeHead(Number(fault)).end('{"msg":"no"}');
    else if (fault === 'html')
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><html>Sign in</html>');
    else {
      const { status, body, headers } = this.answer(url.pathname, url.searchParams, { headers: request.headers, fault });
      const text = JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(fault === 'cut' ? text.slice(0, Math.floor(text.length / 2)) : text);
    }
  }
}
