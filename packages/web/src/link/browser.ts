/** The link's ends in a real browser: WebSocket, fetch, and the moments at which trying again makes sense. */
import { SUBPROTOCOL } from '@wyckoff/contracts';
import type { Scope } from '@wyckoff/bounded';
import type { Connection } from './connection.ts';
import type { LinkEnvironment, LinkSocket, SocketEvents } from './environment.ts';
import type { HttpClient } from './http.ts';

/** `ws://` or `wss://` of the page's own host: no token in the address. */
function socketAddress(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
}

function openSocket(events: SocketEvents): LinkSocket {
  const socket = new WebSocket(socketAddress(), SUBPROTOCOL);
  socket.onopen = () => events.opened();
  socket.onmessage = (message: MessageEvent<unknown>) => {
    if (typeof message.data === 'string') events.received(message.data);
  };
  socket.onclose = ({ code }) => events.closed(code);
  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(text);
      return true;
    },
    drop() {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    },
  };
}

/** The real environment; the session is read again for 4401. */
export function browserEnvironment(http: HttpClient): LinkEnvironment {
  return {
    random: Math.random,
    openSocket,
    snapshot: (topics, signal) => http.snapshot(topics, signal),
    renewSession: async (signal) => (await http.session(signal)).user !== null,
  };
}

/** A network that came back and a tab that is looked at again are worth a try at once. */
export function wakeOnReturn(connection: Connection, scope: Scope): void {
  scope.listen(window, 'online', () => connection.wake());
  scope.listen(document, 'visibilitychange', () => {
    if (document.visibilityState === 'visible') connection.wake();
  });
}
