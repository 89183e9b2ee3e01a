/** What the hub counts, for the metrics: plain numbers under closed sets of labels. */

export interface LiveCounts {
  /** Frames handed to a transport, by class. */
  readonly sent: { fact: number; conflated: number; control: number };
  /** Conflated frames a slow connection did not get, by topic label. */
  readonly dropped: Map<string, number>;
  readonly resyncs: Map<string, number>;
  readonly closed: Map<number, number>;
  replayed: number;
  /** Upgrades refused before the protocol, by reason. */
  readonly refused: Map<string, number>;
  /** Conservation of fact deliveries: offered = sent + waiting + ended with its connection. */
  readonly facts: { offered: number; sent: number; lost: number };
}

export function newCounts(): LiveCounts {
  return {
    sent: { fact: 0, conflated: 0, control: 0 },
    // bounded: keys are topic labels, reasons and close codes of the contract, all closed sets.
    dropped: new Map(),
    resyncs: new Map(),
    closed: new Map(),
    replayed: 0,
    refused: new Map(),
    facts: { offered: 0, sent: 0, lost: 0 },
  };
}

export function count<K>(map: Map<K, number>, key: K, by = 1): void {
  map.set(key, (map.get(key) ?? 0) + by);
}
