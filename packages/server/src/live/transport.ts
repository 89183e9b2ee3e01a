/** The wire as the protocol sees it: small enough for a WebSocket and for an in-memory line with a virtual clock alike. */

export interface Transport {
  /** Bytes handed over that the peer's side has not taken yet, the socket's own buffer included. */
  readonly bufferedBytes: number;
  /** Hands over one text frame. The bytes are shared between connections and must not be changed. */
  write(frame: Uint8Array): void;
  ping(): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** Ends the line at once. */
  terminate(): void;
}
