/** The words a trader agrees to before anything is entered by itself: every limit by name and figure (trading.md 4.6). */
import type { AutomationSettingsWire } from './trading-state.ts';

/** The same words wherever automation is switched on: they are kept with who agreed, when and from where. */
export function automationConsent(
  limits: Omit<AutomationSettingsWire, 'enabled'>,
  account: { readonly id: string; readonly mode: string },
): string {
  const { maxRiskBp, whitelist, blacklist } = limits;
  const risk =
    maxRiskBp === null
      ? 'no limit of its own on automatic risk a day'
      : `at most ${(maxRiskBp / 100).toFixed(2)} % of equity at risk in automatic entries a day`;
  const symbols = whitelist.length === 0 ? 'all symbols' : whitelist.join(', ');
  const except = blacklist.length === 0 ? '' : ` except ${blacklist.join(', ')}`;
  return [
    `I let the system enter trades on the ${account.mode} account ${account.id} without asking me each time:`,
    `signals of confidence ${String(limits.minConfidence)} or more, patterns ${limits.patterns.join(', ')}, in ${symbols}${except};`,
    `at most ${String(limits.maxTrades)} automatic entries a trading day, ${risk};`,
    `it stops after ${String(limits.breakerLosses)} losing trades in a row until the next trading day.`,
    'All risk limits of the account and the kill switch stand above this. I can switch it off at any time.',
  ].join(' ');
}
