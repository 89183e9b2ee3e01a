/** Inputs in, facts out: no I/O, no clock, no await. */
export * from './bar/bar.ts';
export * from './wyckoff/event.ts';
export type * from './wyckoff/view.ts';
