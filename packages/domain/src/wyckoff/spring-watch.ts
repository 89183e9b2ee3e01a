/** Where price must go before anything can happen to the Springs of a hypothesis: most bars stay away, and pass with a comparison. */
import type { Side } from './side.ts';
import type { Study } from './study.ts';

/**
 * Where a bar must go before the Springs of a side need be looked at; prices as the side sees them. Not state: set anew whenever
 * something happened to a side.
 */
export class SpringWatch {
  /** A low under it breaks a Spring. */
  floor = -Infinity;
  /** From this bar on a low down to here may be a test, until that bar the window is open. */
  from = Infinity;
  ceiling = -Infinity;
  until = Infinity;
}

/** Sets it anew, a hair wider than the tolerance of the rules themselves. */
export function watchSprings(study: Study, side: Side): void {
  const { springs, springWatch: watch } = side;
  watch.floor = -Infinity;
  watch.from = Infinity;
  if (springs.count === 0) return;
  for (let i = 0; i < springs.count; i++) {
    const { failed, price } = springs.at(i);
    if (!failed && price > watch.floor) watch.floor = price;
  }
  const spring = side.goodSpring;
  if (spring === null || spring.closed) return;
  const [first, last] = study.params.testWindow[study.timeframe];
  watch.from = spring.eventBar + first;
  watch.until = spring.eventBar + last;
  watch.ceiling = spring.price + study.pct(study.params.testTol, spring.price) * (1 + 1e-6);
}
