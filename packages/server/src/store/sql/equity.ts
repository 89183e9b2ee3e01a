/** An equity curve of at most 2,000 points: found by key, point after point, so that its cost is that of the points shown and not of all there are. */
import type { EquityAnswer } from '@wyckoff/contracts';
import type { SqlDialect } from './dialect.ts';
import { rawRows, type Work } from './work.ts';

/** Points of the curve at most, the last one apart. */
const POINTS = 1_999;
const STEP_LIMIT = POINTS + 1;

type Point = [ts: number, equityMicros: number, cashMicros: number, heat: number];

const COLUMNS = 'ts, equity_micros, cash_micros, heat';

/**
 * Few points come as they are. Of many the span is cut into equal parts and the first point of each is looked up on the key: one search per point
 * shown, however many lie between. The first and the last are always among them.
 */
export function* equityOf(dialect: SqlDialect, accountId: string): Work<EquityAnswer['items']> {
  const few = yield* rawRows<Point>(
    dialect.text(`select ${COLUMNS} from equity_points where account_id = ? order by ts limit ?`),
    [accountId, STEP_LIMIT + 1],
  );
  if (few.length <= STEP_LIMIT) return few;
  const [last] = yield* rawRows<Point>(
    dialect.text(`select ${COLUMNS} from equity_points where account_id = ? order by ts desc limit 1`),
    [accountId],
  );
  const [from, to] = [few[0][0], last[0]];
  const width = Math.max(1, Math.ceil((to - from) / POINTS));
  // Each step begins where the next part begins: the walk jumps from key to key.
  const integer = dialect.kind === 'sqlite' ? 'integer' : 'bigint';
  const walk = dialect.text(`with recursive walk (ts, n) as (
      select cast(? as ${integer}), 1
      union all
      select (select p.ts from equity_points p where p.account_id = ? and p.ts >= cast(? as ${integer}) + ((walk.ts - ?) / ? + 1) * ?
        order by p.ts limit 1), n + 1
      from walk where walk.ts is not null and n < ?
    )
    select p.ts, p.equity_micros, p.cash_micros, p.heat from equity_points p
    where p.account_id = ? and p.ts in (select walk.ts from walk where walk.ts is not null) order by p.ts`);
  const points = yield* rawRows<Point>(walk, [from, accountId, from, from, width, width, POINTS, accountId]);
  if (points[points.length - 1][0] < to) points.push(last);
  return points;
}
