/** The words of an order that risk, broker and book share (trading.md 7.1). */

export const ORDER_TYPES = ['MARKET', 'LIMIT', 'STOP', 'STOP_LIMIT'] as const;
export type OrderType = (typeof ORDER_TYPES)[number];
export const ORDER_SIDES = ['BUY', 'SELL'] as const;
export type OrderSide = (typeof ORDER_SIDES)[number];
export const ORDER_INTENTS = ['OPEN', 'CLOSE'] as const;
export type OrderIntent = (typeof ORDER_INTENTS)[number];
/** DAY ends with the session, GTC when filled or cancelled, IOC takes what the next bar gives, FOK all of it or nothing. */
export const TIMES_IN_FORCE = ['DAY', 'GTC', 'IOC', 'FOK'] as const;
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];
