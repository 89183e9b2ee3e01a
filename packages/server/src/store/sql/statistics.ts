/** Sums over signals, their reservations and positions, in one statement each: rows never leave the database (M15). */
import type { FunnelRow, RefusalRow, StatisticGroup, StatisticsQuery, StatisticsStore } from '../statistics-store.ts';
import type { SqlDialect } from './dialect.ts';
import type { Gate } from './gate.ts';
import { rawRows } from './work.ts';

const ROWS = 200;

export function statisticsStore(gate: Gate): StatisticsStore {
  const { dialect } = gate;
  const words = wordsOf(dialect);
  const group: Readonly<Record<StatisticGroup, string>> = {
    pattern: 's.pattern',
    symbol: 's.symbol',
    phase: words.text('s', 'phase'),
    stage: words.stage,
  };
  const texts = (groupBy: string): string => dialect.text(funnelText(words, groupBy));
  const refused = dialect.text(`select stage, code, count(*) from
      (select ${words.stage} as stage, coalesce(${words.text('s', 'rejectCode')}, 'NONE') as code from signals s
        where s.account_id = ? and s.created_at >= ? and s.created_at < ? and s.status = 'REJECTED') as refused
    group by stage, code order by count(*) desc, stage, code limit ${ROWS}`);
  const counts = dialect.text(`select count(*), ${['?', '?', '?'].map(countSince).join(', ')} from signals where account_id = ?`);

  return {
    funnels: async ({ accountId, from, to }: StatisticsQuery, by) => {
      const text = texts(by === null ? "'all'" : group[by]);
      const rows = await gate.query('funnels', () => rawRows<FunnelColumns>(text, [accountId, from, to]));
      return rows.map(funnelOf);
    },
    refusals: async ({ accountId, from, to }) => {
      const rows = await gate.query('refusals', () => rawRows<[string, string, number]>(refused, [accountId, from, to]));
      return rows.map(([stage, code, n]): RefusalRow => ({ stage, code, n }));
    },
    signalCounts: async (accountId, since) => {
      const [row] = await gate.query('signal counts', () =>
        rawRows<[number, number, number, number]>(counts, [...since, accountId]),
      );
      return row;
    },
  };
}

function countSince(place: string): string {
  return `coalesce(sum(case when created_at >= ${place} then 1 else 0 end), 0)`;
}

interface Words {
  readonly integer: string;
  readonly text: (row: string, field: string) => string;
  readonly number: (row: string, field: string) => string;
  readonly micros: (row: string, field: string) => string;
  /** Stage that refused a signal; null: nothing did. */
  readonly stage: string;
}

function wordsOf({ kind }: SqlDialect): Words {
  const isSqlite = kind === 'sqlite';
  const integer = isSqlite ? 'integer' : 'bigint';
  const text = (row: string, field: string): string =>
    isSqlite ? `json_extract(${row}.data, '$.${field}')` : `${row}.data ->> '${field}'`;
  const failed = isSqlite
    ? "select json_extract(c.value, '$.stage') from json_each(s.data, '$.chain') as c where json_extract(c.value, '$.result') = 'FAIL' limit 1"
    : "select c.step ->> 'stage' from json_array_elements(coalesce(s.data -> 'chain', '[]'::json)) as c (step) where c.step ->> 'result' = 'FAIL' limit 1";
  const code = text('s', 'rejectCode');
  return {
    integer,
    text,
    number: (row, field) => (isSqlite ? text(row, field) : `cast(${text(row, field)} as double precision)`),
    micros: (row, field) => (isSqlite ? text(row, field) : `cast(${text(row, field)} as bigint)`),
    stage: `case when s.status <> 'REJECTED' then null else coalesce((${failed}),
      case when ${code} = 'USER' then 'DECISION' when substr(${code}, 1, 3) = 'RK_' then 'RISK' else 'GATE' end) end`,
  };
}

/** A signal that was refused when it was made never was GENERATED; whatever was reserved for was approved. */
function funnelText({ integer, number, micros }: Words, groupBy: string): string {
  const closed = "p.status = 'CLOSED'";
  const pnl = `${micros('p', 'realisedMicros')} - ${micros('p', 'costsMicros')}`;
  const sum = (column: string): string => `cast(coalesce(sum(${column}), 0) as ${integer})`;
  return `select coalesce(name, 'none'), count(*), ${['generated', 'approved', 'executed', 'closed', 'profitable'].map(sum).join(', ')},
      avg(confidence), count(confidence), avg(planned), count(planned), avg(r), count(r), ${sum('gain')}, ${sum('loss')}
    from (select ${groupBy} as name,
        case when s.status = 'REJECTED' and s.version = 1 then 0 else 1 end as generated,
        case when v.id is null and p.id is null then 0 else 1 end as approved,
        case when p.id is null then 0 else 1 end as executed,
        case when ${closed} then 1 else 0 end as closed,
        case when ${closed} and ${pnl} > 0 then 1 else 0 end as profitable,
        case when ${closed} and ${pnl} > 0 then ${pnl} end as gain,
        case when ${closed} and ${pnl} < 0 then ${pnl} end as loss,
        ${number('s', 'confidence')} as confidence, ${number('s', 'rMultiple')} as planned,
        case when ${closed} then ${number('p', 'r')} end as r
      from signals s left join reservations v on v.signal_id = s.id left join positions p on p.signal_id = s.id
      where s.account_id = ? and s.created_at >= ? and s.created_at < ?) as judged
    group by coalesce(name, 'none') order by count(*) desc, 1 limit ${ROWS}`;
}

type FunnelColumns = [
  name: string, candidates: number, generated: number, approved: number, executed: number, closed: number, profitable: number,
  confidence: number | null, nConfidence: number, plannedR: number | null, nPlannedR: number, r: number | null, nR: number, gains: number, losses: number,
]; // prettier-ignore

function funnelOf(row: FunnelColumns): FunnelRow {
  const [name, candidates, generated, approved, executed, closed, profitable, ...means] = row;
  const [confidence, nConfidence, plannedR, nPlannedR, r, nR, gainsMicros, lossesMicros] = means;
  return { name, candidates, generated, approved, executed, closed, profitable, confidence, nConfidence, plannedR, nPlannedR, r, nR, gainsMicros, lossesMicros }; // prettier-ignore
}
