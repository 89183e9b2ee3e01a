/** History from the first provider that has it: primary, then the fallbacks, then DATA_UNAVAILABLE; each page says who gave it (trading.md 9.1). */
import type { Clock, StopSignal } from '@wyckoff/bounded';
import { TIMEFRAMES, type Timeframe } from '@wyckoff/domain';
import { CircuitBreaker } from '../../venue/circuit-breaker.ts';
import type { HistoryPage, HistoryProvider, HistoryRequest } from '../contract/history.ts';
import { newestIn } from '../contract/page-columns.ts';
import { ProviderFault } from '../contract/provider-fault.ts';

export interface ProviderChainOptions {
  /** The primary first; at least one. */
  readonly providers: readonly HistoryProvider[];
  readonly clock: Clock;
  /** Told each time one fails and the next is asked. */
  readonly onFallback?: ((from: string, fault: ProviderFault) => void) | undefined;
}

export class ProviderChain implements HistoryProvider {
  readonly name: string;
  readonly timeframes: readonly Timeframe[];
  readonly #options: ProviderChainOptions;
  readonly #breakers: readonly CircuitBreaker[];

  constructor(options: ProviderChainOptions) {
    const { providers, clock } = options;
    if (providers.length === 0) throw new RangeError('provider chain: expected at least one provider, was none');
    this.#options = options;
    this.name = providers[0].name;
    this.timeframes = TIMEFRAMES.filter((timeframe) => providers.some((provider) => provider.timeframes.includes(timeframe)));
    this.#breakers = providers.map(() => new CircuitBreaker({ clock }));
  }

  /** A provider that fails on the way is left behind its last page; prices of two providers are never mixed within one page. */
  async *pages(request: HistoryRequest, signal?: StopSignal): AsyncIterableIterator<HistoryPage> {
    const { providers, onFallback } = this.#options;
    const said: string[] = []; // bounded: one per provider
    let { from } = request;
    for (const [i, provider] of providers.entries()) {
      const breaker = this.#breakers[i];
      if (!provider.timeframes.includes(request.timeframe)) continue;
      if (!breaker.admits()) {
        said.push(`${provider.name}: paused after failures`);
        continue;
      }
      let settled = false;
      try {
        for await (const page of provider.pages({ ...request, from }, signal)) {
          const newest = newestIn(page.columns);
          yield { ...page, provider: provider.name };
          if (newest >= from) from = newest + 1;
        }
        settled = true;
        breaker.succeeded();
        return;
      } catch (error) {
        if (!(error instanceof ProviderFault)) throw error;
        settled = true;
        breaker.failed();
        said.push(error.message);
        onFallback?.(provider.name, error);
      } finally {
        if (!settled) breaker.abandoned();
      }
    }
    throw new ProviderFault('DATA_UNAVAILABLE', `expected bars of ${request.symbol} ${request.timeframe} from one of ${providers.length} providers, was ${said.join('; ') || 'none that has this timeframe'}`); // prettier-ignore
  }

  async close(): Promise<void> {
    for (const provider of this.#options.providers) await provider.close();
  }
}
