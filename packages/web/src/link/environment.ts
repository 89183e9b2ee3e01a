/** The ends of the link to the outside, as small ports: chance, sockets, HTTP; time comes from the scope. Tests put an in-memory server here. */
import type { SnapshotAnswer } from '@wyckoff/contracts';

/** What a socket tells its owner. */
export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  closed(code: number): void;
}

/** One socket. */
export interface LinkSocket {
  /** False when the text did not leave: the socket is closing or closed. */
  send(text: string): boolean;
  /** Closes and forgets; no event of this socket comes any more. */
  drop(): void;
}

/** Topics a snapshot can hold. */
export type SnapshotTopic =
  'analysis' | 'signals' | 'orders' | 'positions' | 'campaigns' | 'trading' | 'notifications' | 'account' | 'connections';

export interface LinkEnvironment {
  /** 0 <= random < 1. */
  random(): number;
  openSocket(events: SocketEvents): LinkSocket;
  snapshot(topics: readonly SnapshotTopic[], signal: AbortSignal): Promise<SnapshotAnswer>;
  /** Reads the session again; true when the user may connect. */
  renewSession(signal: AbortSignal): Promise<boolean>;
}
