/** The one timer of a stream: it never falls due for ever. The rest is proved with the feeds (e2e/feeds) and brokers. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Census, Scope } from '@wyckoff/bounded';
import { VirtualClock } from '@wyckoff/bounded/leak-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ReconnectingSocket } from './reconnecting-socket.ts';

const HEARTBEAT_MS = 30_000;
const OPEN_MS = 10_000;
/** RFC 6455, 4.2.2. */
const HANDSHAKE = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const CLOSE_FRAME = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

let server: Server;
let peers: Socket[];
let scope: Scope;

beforeEach(async () => {
  peers = [];
  server = createServer((peer) => peers.push(peer)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  await scope.dispose();
  for (const peer of peers) peer.destroy();
  server.close();
});

function stream(clock: VirtualClock): ReconnectingSocket {
  scope = new Scope({ name: 'test', census: new Census(), timers: clock });
  const { port } = server.address() as AddressInfo;
  return new ReconnectingSocket({
    name: 'test',
    scope,
    url: () => `ws://127.0.0.1:${port}/`,
    login: false,
    onMessage: () => undefined,
    times: { heartbeatMs: HEARTBEAT_MS, openMs: OPEN_MS },
  });
}

it('STR-2 a beginning between two milliseconds: the time for a connection ends, once', async () => {
  // Where adding what is left to the present falls short of the sum by the last digit.
  let began = 0.1;
  while (began + (began + OPEN_MS - began) - began >= OPEN_MS) began += 0.1;
  const clock = new VirtualClock(began);
  const told = stream(clock);
  told.start();
  clock.advance(OPEN_MS + 1);
  expect([told.state, told.lastError, told.reconnects]).toEqual(['RECONNECTING', `no connection within ${OPEN_MS} ms`, 1]);
  await told.stop();
});

it('STR-2 a peer that says goodbye and does not go is pinged no more, watched at leisure, and given up after the heartbeat', async () => {
  const clock = new VirtualClock();
  const told = stream(clock);
  told.start();
  const [peer] = (await once(server, 'connection')) as [Socket];
  const [request] = (await once(peer, 'data')) as [Buffer];
  const key = /sec-websocket-key: (.+)\r/i.exec(request.toString())?.[1] ?? '';
  const accept = createHash('sha1').update(key + HANDSHAKE).digest('base64'); // prettier-ignore
  peer.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  await expect.poll(() => told.state).toBe('CONNECTED');
  peer.write(CLOSE_FRAME);
  // Its answer: from now on the socket is closing, and stays so as long as the peer holds it.
  const [answer] = (await once(peer, 'data')) as [Buffer];
  expect(answer[0]).toBe(CLOSE_FRAME[0]);
  clock.advance(HEARTBEAT_MS - 1);
  expect([told.state, told.reconnects]).toEqual(['CONNECTED', 0]);
  clock.advance(1);
  expect([told.state, told.lastError]).toEqual(['RECONNECTING', `nothing heard for ${HEARTBEAT_MS} ms`]);
  await told.stop();
});
