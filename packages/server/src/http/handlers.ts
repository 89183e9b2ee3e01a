/** What each route of the table answers: thin translations between the contract and the desk. */
import { CHART_INCLUDES, FACT_TOPICS, type ROUTES, type RouteName } from '@wyckoff/contracts';
import type { DeadLetterDesk } from '../dead-letters/dead-letter-desk.ts';
import type { Answer, Desk, SnapshotTopic } from '../session/desk.ts';
import type { Actor, TradingDesk } from '../session/trading-desk.ts';
import type { DatabaseHealth } from './database-health.ts';
import type { NoticesDesk } from '../notify/notices-desk.ts';
import { Problem } from './problem.ts';
import { PHRASES, type StepUps } from './step-up.ts';

/** Everything a handler may use; made in main.ts. */
export interface HandlerPorts {
  readonly desk: Desk;
  readonly trading: TradingDesk;
  readonly notices: NoticesDesk;
  readonly deadLetters: DeadLetterDesk;
  /** Lets in a bar that was held back. */
  readonly confirmBar: (id: string, by: Actor) => Promise<Answer<{ count: number }>>;
  readonly stepUps: StepUps;
  readonly csrfToken: string;
  readonly contractHash: string;
  readonly version: string;
  readonly now: () => number;
  readonly uptimeMs: () => number;
  /** Parts of the process that stand beside the desk. */
  readonly memory: () => Answered<'memory'>;
  readonly sockets: () => number;
  /** Null: there is no shared cache. */
  readonly cache: () => Answered<'health'>['cache'];
  /** Asks the store now; false: it did not answer in time. */
  readonly storeAnswers: () => Promise<boolean>;
  readonly stopping: () => boolean;
  /** Flags and levels that make the whole `degraded`. */
  readonly governorLevel: () => number;
  readonly metrics: () => Promise<string>;
  readonly database: () => DatabaseHealth;
}

type Table = typeof ROUTES;
interface SchemaOf<O, I> {
  readonly _zod: { readonly output: O; readonly input: I };
}
type Part<N extends RouteName, P extends string> =
  Table[N] extends Readonly<Record<P, SchemaOf<infer O, unknown>>> ? O : undefined;
type Answered<N extends RouteName> = Table[N] extends { readonly answer: SchemaOf<unknown, infer I> } ? I : unknown;

export interface Asked<N extends RouteName> {
  readonly query: Part<N, 'query'>;
  readonly body: Part<N, 'body'>;
  readonly params: Readonly<Record<string, string>>;
  /** Of `If-Match`; 0 where the route does not ask for it. */
  readonly version: number;
  /** Of `Idempotency-Key`; empty where the route does not ask for it. */
  readonly key: string;
  /** Who asks; `steppedUp` when the confirmation that came along is for this action. */
  readonly actor: (action: string) => Actor;
}

/** A repeat of what was asked before: the first answer, marked as such. */
export class ReplayedAnswer {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Text answers say their type; everything else is JSON. */
export class TextAnswer {
  readonly type: string;
  readonly text: string;

  constructor(type: string, text: string) {
    this.type = type;
    this.text = text;
  }
}

/** The webhook takes bytes, so it is mounted by itself. */
export type HandledRoute = Exclude<RouteName, 'webhook'>;

export type Handlers = {
  readonly [N in HandledRoute]: (asked: Asked<N>) => Answered<N> | ReplayedAnswer | Promise<Answered<N> | ReplayedAnswer>;
};

/** More bars than this are a heavy answer. */
const LIGHT_BARS = 1_000;
const SNAPSHOT_TOPICS: readonly SnapshotTopic[] = [...FACT_TOPICS, 'account', 'connections'];

export function handlers(ports: HandlerPorts): Handlers {
  const { desk } = ports;
  return {
    ...tradingHandlers(ports),
    notifications: async ({ query }) => value(await ports.notices.page(query)),
    readNotifications: ({ body }) => ports.notices.read(body),
    testNotification: ({ body }) => ports.notices.test(body.channel),
    session: () => ({
      mode: 'local',
      user: 'local',
      role: 'admin',
      csrfToken: ports.csrfToken,
      contractHash: ports.contractHash,
      serverTime: ports.now(),
      version: ports.version,
      desk: desk.series(),
    }),
    chart: async ({ query }) => value(await desk.chart({ ...query, include: listed(query.include, CHART_INCLUDES, 'include') })),
    bars: async ({ query }) => {
      if (query.limit > LIGHT_BARS && ports.governorLevel() > 1)
        throw new Problem('server.shedding', { headers: { 'retry-after': '30' } });
      return value(await desk.bars(query));
    },
    symbols: ({ query }) => desk.symbols(query),
    snapshot: ({ query }) =>
      desk.snapshot(query.topics === undefined ? SNAPSHOT_TOPICS : listed(query.topics, SNAPSHOT_TOPICS, 'topics')),
    signals: async ({ query }) => value(await desk.signals(query)),
    positions: async ({ query }) => value(await desk.positions(query)),
    facts: async ({ query }) => value(await desk.facts(query)),
    equity: async ({ params }) => value(await desk.equity(params['id'] ?? '')),
    memory: () => ports.memory(),
    deadLetters: async ({ query }) => value(await ports.deadLetters.page(query)),
    systemAction: async ({ body, actor }) => {
      if (body.action === 'replay') return { connection: replay(desk, body) };
      if (body.action === 'confirmBar') return value(await ports.confirmBar(body.id, actor(body.action)));
      return await letters(ports.deadLetters, body, actor(body.action));
    },
    live: () => ({ status: 'ok' }),
    ready: async () => {
      const missing = missingParts(ports, await ports.storeAnswers());
      if (missing.length > 0)
        throw new Problem(ports.stopping() ? 'server.stopping' : 'store.unavailable', { extra: { missing } });
      return { status: 'ok' };
    },
    health: async () => {
      const { store: known, failure } = desk.health();
      const answers = await ports.storeAnswers();
      const store = { ...known, ok: known.ok && answers };
      const missing = missingParts(ports, answers);
      const status =
        !store.ok || failure !== null ? 'failing' : missing.length > 0 || ports.governorLevel() > 1 ? 'degraded' : 'ok';
      return {
        status,
        version: ports.version,
        uptimeMs: ports.uptimeMs(),
        store,
        cache: ports.cache(),
        feeds: desk.connections(),
        sockets: ports.sockets(),
        missing,
        failure,
        governor: { level: ports.governorLevel() },
      };
    },
    databaseHealth: () => ports.database(),
    metrics: async () => new TextAnswer('text/plain; version=0.0.4; charset=utf-8', await ports.metrics()),
  };
}

type TradingRoute =
  | 'signal' | 'decision' | 'moveStop' | 'exitPosition' | 'orders' | 'cancelOrder' | 'campaigns' | 'changeCampaign' | 'accounts' | 'risk' | 'statistics'
  | 'trading' | 'halt' | 'tradingAction' | 'stepUp' | 'settings' | 'changeSetting'; // prettier-ignore

function tradingHandlers({ trading, stepUps }: HandlerPorts): Pick<Handlers, TradingRoute> {
  return {
    signal: async ({ params }) => value(await trading.signal(idOf(params))),
    decision: async ({ params, body, actor }) => value(await trading.decide(idOf(params), body, actor('decide'))),
    moveStop: async ({ params, body, version, actor }) =>
      value(await trading.moveStop(idOf(params), { ...body, version }, actor('moveStop'))),
    exitPosition: async ({ params, body, key, actor }) => {
      const { replayed, ...answer } = value(await trading.exit(idOf(params), { ...body, key }, actor('exit')));
      return replayed ? new ReplayedAnswer(answer) : answer;
    },
    orders: async ({ query }) => value(await trading.orders(query)),
    cancelOrder: async ({ params, actor }) => value(await trading.cancelOrder(idOf(params), actor('cancelOrder'))),
    campaigns: async ({ query }) => value(await trading.campaigns(query)),
    changeCampaign: async ({ params, body, version, actor }) =>
      value(await trading.cancelCampaign(idOf(params), { ...body, version }, actor('cancelCampaign'))),
    accounts: ({ query }) =>
      trading.accounts({ kind: query.kind, ...(query.archived !== undefined && { archived: query.archived === 'true' }) }),
    risk: () => trading.risk(),
    statistics: ({ query }) => trading.statistics(query),
    trading: () => trading.state(),
    halt: ({ body, actor }) => trading.halt(body, actor('halt')),
    tradingAction: async ({ body, actor }) => {
      const by = actor(body.action);
      // What takes risk away needs no confirmation.
      if (body.action !== 'disableAutomation' && !by.steppedUp) throw stepUpNeeded(body.action);
      return value(await trading.act(body, by));
    },
    stepUp: ({ body }) => {
      const confirmed = stepUps.confirm(body.action, body.phrase);
      if (confirmed === null) throw stepUpNeeded(body.action);
      return { ...confirmed, action: body.action };
    },
    settings: ({ actor }) => trading.settings(actor('settings')),
    changeSetting: async ({ params, body, version, actor }) =>
      value(await trading.changeSetting(params['key'] ?? '', { ...body, version }, actor('raiseRisk'))),
  };
}

function idOf(params: Readonly<Record<string, string>>): string {
  return (params['id'] ?? '').slice(0, 64);
}

function stepUpNeeded(action: keyof typeof PHRASES): Problem {
  return new Problem('auth.step_up', {
    detail: `expected the phrase "${PHRASES[action]}" at /auth/step-up and its token in X-Step-Up`,
    extra: { action, phrase: PHRASES[action] },
  });
}

function missingParts(ports: HandlerPorts, answers: boolean): string[] {
  const { store, ready, failure } = ports.desk.health();
  const missing = [
    [!store.ok || !answers, 'store'],
    [!ready, 'engine'],
    [failure !== null, 'session'],
    [ports.stopping(), 'server'],
  ] as const;
  return missing.flatMap(([isMissing, name]) => (isMissing ? [name] : []));
}

/** A refusal of the desk becomes a problem. */
function value<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  const { suggestions, extra } = answer;
  throw new Problem(answer.code, {
    detail: answer.detail,
    extra: { ...extra, ...(suggestions !== undefined && { suggestions }) },
  });
}

/** A comma-separated list of known words. */
function listed<T extends string>(text: string, known: readonly T[], field: string): T[] {
  const words = text.split(',').filter((word) => word !== '');
  return words.map((word) => {
    const match = known.find((one) => one === word);
    if (match !== undefined) return match;
    const issues = [{ path: field, expected: `some of ${known.join(', ')}`, found: word }];
    throw new Problem('request.invalid', {
      detail: `expected ${field} to be some of ${known.join(', ')}, was ${word}`,
      extra: { issues },
    });
  });
}

async function letters(
  deadLetters: DeadLetterDesk,
  { action, ...which }: Exclude<Asked<'systemAction'>['body'], { action: 'replay' | 'confirmBar' }>,
  by: Actor,
): Promise<{ readonly count: number }> {
  if (action === 'retryDeadLetters') return { count: await deadLetters.retry(which, by) };
  if (!by.steppedUp) throw stepUpNeeded(action);
  return { count: await deadLetters.purge(which, by) };
}

type ReplayBody = Extract<Asked<'systemAction'>['body'], { action: 'replay' }>;

function replay(desk: Desk, body: ReplayBody): ReturnType<Desk['replay']['play']> {
  switch (body.do) {
    case 'play':
      return desk.replay.play();
    case 'pause':
      return desk.replay.pause();
    case 'step':
      return desk.replay.step();
    case 'hold':
      return desk.replay.hold(body.on ?? true);
    case 'speed':
      if (body.speed === undefined) {
        const issues = [{ path: 'speed', expected: 'bars per second, or null for as fast as possible', found: 'nothing' }];
        throw new Problem('request.invalid', { detail: 'expected speed, was nothing', extra: { issues } });
      }
      return desk.replay.setSpeed(body.speed);
  }
}
