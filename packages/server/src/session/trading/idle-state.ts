/** How an account trades before anything was ever said about it. */
import {
  AUTOMATION_OFF,
  BREAKER_CLOSED,
  KILL_SWITCH_OFF,
  NO_TRADES,
  type AcceptanceMode,
  type TradingState,
} from '@wyckoff/domain';

export function idleState(accountId: string, acceptance: AcceptanceMode): TradingState {
  return {
    accountId,
    killSwitch: KILL_SWITCH_OFF,
    acceptance,
    automation: AUTOMATION_OFF,
    consent: null,
    breaker: BREAKER_CLOSED,
    counters: NO_TRADES,
    brokerConnected: true,
    permitted: true,
    by: 'engine',
    reason: '',
  };
}
