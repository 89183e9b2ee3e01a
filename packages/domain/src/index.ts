/** Inputs in, facts out: no I/O, no clock, no await. */
export * from './bar/bar.ts';
export * from './wyckoff/event.ts';
export type * from './wyckoff/view.ts';
export * from './setup/signal.ts';
export * from './trade/order-terms.ts';
export * from './trade/position.ts';
export * from './execution/order.ts';
export * from './engine/fact.ts';
