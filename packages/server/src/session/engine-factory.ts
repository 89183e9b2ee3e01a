/** Makes the engine of a session: new, or continued from a snapshot. The session knows engines only through this. */
import {
  createAccountEngine,
  createTradingEngine,
  restoreAccountEngine,
  restoreTradingEngine,
  type AccountEngineOptions,
  type FactSink,
  type TradingEngine,
  type TradingEngineOptions,
} from '@wyckoff/domain';

export interface EngineFactory {
  create(sink: FactSink): TradingEngine;
  /** @throws when the snapshot is of another version, series or configuration. */
  restore(bytes: Uint8Array, sink: FactSink): TradingEngine;
}

/** The real one: everything but the sink is settled beforehand. */
export function engineFactory(options: Omit<TradingEngineOptions, 'sink'>): EngineFactory {
  return {
    create: (sink) => createTradingEngine({ ...options, sink }),
    restore: (bytes, sink) => restoreTradingEngine(bytes, { ...options, sink }),
  };
}

/** Of an account over several series. */
export function accountFactory(options: Omit<AccountEngineOptions, 'sink'>): EngineFactory {
  return {
    create: (sink) => createAccountEngine({ ...options, sink }),
    restore: (bytes, sink) => restoreAccountEngine(bytes, { ...options, sink }),
  };
}
