/** The words of an order that risk, broker and book share (trading.md 7.1). */

export const ORDER_TYPES = ['MARKET', 'LIMIT', 'STOP', 'STOP_LIMIT'] as const;
export type OrderType = (typeof ORDER_TYPES)[number];
export const ORDER_SIDES = ['BUY', 'SELL'] as const;
export type OrderSide = (typeof ORDER_SIDES)[number];
export const ORDER_INTENTS = ['OPEN', 'CLOSE'] as const;
export type OrderIntent = (typeof ORDER_INTENTS)[number];
