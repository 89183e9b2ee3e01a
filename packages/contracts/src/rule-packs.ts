/** The schema of user rule packs, an entry of its own: its two hundred schemas cost megabytes that a server need not carry. */
export { nearestKey } from './nearest-key.ts';
export * from './rule-pack.ts';
export * from './rule-parameters.ts';
