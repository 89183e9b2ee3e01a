/** The wire: one schema per message; types are inferred. */
export * from './primitives.ts';
export * from './topics.ts';
export * from './step-up.ts';
export * from './analysis.ts';
export * from './trading.ts';
export * from './gate.ts';
export * from './acceptance.ts';
export * from './campaigns.ts';
export * from './trading-state.ts';
export * from './notifications.ts';
export * from './facts.ts';
export * from './frames.ts';
export * from './http.ts';
export * from './problems.ts';
export * from './cli.ts';
export * from './routes.ts';
export * from './statistics.ts';
