/** For tests only, and for Node only: the leak kit and the virtual clock. */
export { Finalized } from './finalized.ts';
export { collectGarbage, heldBytes } from './garbage.ts';
export { countInstances, judgeLeak, judgeTwin } from './judge.ts';
export type { Countable, Judgement, LeakCase, Repeat, Verdict, Watch } from './leak-case.ts';
export { fitSlope } from './slope.ts';
export type { Point, Slope } from './slope.ts';
export { settle, VirtualClock } from './virtual-clock.ts';
