/** Real sockets for the hub: the upgrade is checked before it happens, then `ws` carries frames and nothing else (interface.md 3.1). */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ProblemCode, PROBLEMS, SUBPROTOCOL } from '@wyckoff/contracts';
import type { Scope } from '@wyckoff/bounded';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { hostRefused, type OriginCheck, originRefused } from '../http/origin.ts';
import type { TokenBuckets } from '../http/token-buckets.ts';
import type { Connection } from './connection.ts';
import { count } from './counts.ts';
import type { Hub } from './hub.ts';
import type { Transport } from './transport.ts';

export interface GatewayOptions {
  readonly scope: Scope;
  readonly hub: Hub;
  readonly origin: () => OriginCheck;
  /** Socket openings per minute and address. */
  readonly openings: TokenBuckets;
  readonly maxConnections: number;
}

/** The transport itself stops here; the protocol stops at 4 KiB. */
const MAX_PAYLOAD_BYTES = 64 * 1024;
/** Sockets above the limit are still opened, to be told 1013; further ones are refused. */
const ROOM_TO_TELL = 1.1;

const AS_TEXT = { binary: false };

/** A socket that knows its connection: listeners are shared by all of them, so that none costs a closure. */
class Peer extends WebSocket implements Transport {
  connection: Connection | null = null;
  hub: Hub | null = null;

  get bufferedBytes(): number {
    return this.bufferedAmount;
  }

  write(frame: Uint8Array): void {
    this.send(frame, AS_TEXT);
  }
}

export class Gateway {
  readonly #o: GatewayOptions;
  readonly #server: WebSocketServer;

  constructor(options: GatewayOptions) {
    this.#o = options;
    this.#server = new WebSocketServer({
      noServer: true,
      // Its buffers alone would exceed what a connection may cost.
      perMessageDeflate: false,
      maxPayload: MAX_PAYLOAD_BYTES,
      clientTracking: true,
      WebSocket: Peer,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    options.scope.adopt('server.ws.gateway', () => this.#server.close());
  }

  /** Sockets open, those that are closing too. */
  get sockets(): number {
    return this.#server.clients.size;
  }

  /** Takes upgrades from this server until the scope ends. */
  attach(server: Server): void {
    const { scope } = this.#o;
    scope.listen(server, 'upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  /** Ends whatever is still open. */
  terminateAll(): void {
    for (const peer of this.#server.clients) peer.terminate();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request);
    if (refusal !== null) {
      count(this.#o.hub.counts.refused, refusal.code);
      refuse(socket, refusal);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (peer) => {
      if (!(peer instanceof Peer)) return;
      const fromPage = request.headers.origin !== undefined;
      this.#welcome(peer, socket, fromPage);
    });
  }

  #refusal(request: IncomingMessage): Refusal | null {
    if ((request.url ?? '').split('?', 1)[0] !== '/ws') return { code: 'request.unknown_route' };
    const check = this.#o.origin();
    const code = hostRefused(request.headers, check) ?? originRefused(request.headers, check);
    if (code !== null) return { code };
    if (this.sockets >= this.#o.maxConnections * ROOM_TO_TELL) return { code: 'server.busy', retryAfterMs: 5_000 };
    const waitMs = this.#o.openings.take(`ws:${request.socket.remoteAddress ?? ''}`);
    if (waitMs > 0) return { code: 'request.rate_limited', retryAfterMs: waitMs };
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    return offered.includes(SUBPROTOCOL)
      ? null
      : { code: 'request.malformed', detail: `expected the subprotocol ${SUBPROTOCOL}` };
  }

  #welcome(peer: Peer, socket: Duplex, fromPage: boolean): void {
    peer.hub = this.#o.hub;
    // bounded: five per socket, gone with it; the hub terminates it within a second of closing it
    peer.on('message', onMessage).on('ping', onSign).on('pong', onSign).on('error', onError).on('close', onClose);
    (socket as Duplex & { peer?: Peer }).peer = peer;
    socket.on('drain', onDrain); // bounded: one per socket, gone with it
    peer.connection = this.#o.hub.open(peer, { fromPage });
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  if (this instanceof Peer && this.connection !== null) this.hub?.receive(this.connection, data as Buffer, isBinary);
}

function onSign(this: WebSocket): void {
  if (this instanceof Peer && this.connection !== null) this.hub?.seen(this.connection);
}

/** `ws` closes by itself after an error; `close` follows. */
function onError(this: WebSocket): void {
  this.terminate();
}

function onClose(this: WebSocket): void {
  if (this instanceof Peer && this.connection !== null) this.hub?.closed(this.connection);
}

function onDrain(this: Duplex & { peer?: Peer }): void {
  const connection = this.peer?.connection;
  if (connection != null) this.peer?.hub?.drained(connection);
}

interface Refusal {
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly retryAfterMs?: number;
}

function refuse(socket: Duplex, { code, detail, retryAfterMs }: Refusal): void {
  const [status, title, remedy] = PROBLEMS[code];
  const body = JSON.stringify({ type: `urn:wyckoff:${code}`, title, status, code, detail, remedy });
  const retry = retryAfterMs === undefined ? '' : `Retry-After: ${Math.ceil(retryAfterMs / 1000)}\r\n`;
  socket.on('error', () => socket.destroy()); // bounded: one, ends with the socket
  // Half open it would stay for as long as the peer likes: nobody else watches a socket that asked for an upgrade.
  socket.once('finish', () => socket.destroy()); // bounded: one, ends the socket
  socket.end(
    `HTTP/1.1 ${status} ${code}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n${retry}` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
