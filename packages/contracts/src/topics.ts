/** Names of topics, without the schemas of what travels on them. */

/** Topics whose messages are facts: replayed by sequence number, never dropped. */
export const FACT_TOPICS = [
  'analysis', 'signals', 'orders', 'positions', 'risk', 'campaigns', 'trading', 'notifications', 'settings',
] as const; // prettier-ignore
export type FactTopic = (typeof FACT_TOPICS)[number];
/** Topics of the journal that do not travel on the stream: what reached the engines, the ledger, what was done to the machine. */
export const INNER_TOPICS = ['inputs', 'account', 'system'] as const;
