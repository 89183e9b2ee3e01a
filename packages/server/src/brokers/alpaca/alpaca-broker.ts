/** Alpaca: orders and account over REST, updates over its stream, polled every 5 s while the stream is away (trading.md 8.3). */
import { LruTtlCache, type Scope } from '@wyckoff/bounded';
import type { EpochMs } from '@wyckoff/domain';
import { HttpClient, type HttpAnswer, type HttpRequest } from '../../venue/http-client.ts';
import { HttpFailure } from '../../venue/http-failure.ts';
import { ReconnectingSocket, type SocketLink } from '../../venue/reconnecting-socket.ts';
import type { StreamState } from '../../venue/socket-state.ts';
import type { Broker, BrokerCapabilities, BrokerEvent, CloseReport } from '../broker.ts';
import { Listeners } from '../listeners.ts';
import { expectCleared } from '../clearance.ts';
import type { Cleared } from '../clearance.ts';
import { textOfMicros, textOfPrice } from '../decimal.ts';
import { VenueError } from '../venue-error.ts';
import { attachedId, ownerOfAttached } from '../venue-order.ts';
import type { OrderChange, VenueAccount, VenueFill, VenueOrder, VenuePosition } from '../venue-order.ts';
import {
  baseId, fillOfActivity, fillOfUpdate, nextId, orderBody, orderOf, readAccount, readActivities, readCloses, readOrder, readOrders,
  readPositions, readUpdate,
} from './wire.ts'; // prettier-ignore
import type { AlpacaOrder } from './wire.ts';

export interface AlpacaOptions {
  /** Its child owns everything opened between `connect` and `disconnect`. */
  readonly scope: Scope;
  /** `https://paper-api.alpaca.markets` */
  readonly baseUrl: string;
  /** Asked for each request; from settings or the environment, never kept, never logged. */
  readonly keys: () => { readonly keyId: string; readonly secret: string };
  /** Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Default 180. */
  readonly perMinute?: number | undefined;
  /** While the stream is away. Default 5,000. */
  readonly pollMs?: number | undefined;
  readonly random?: (() => number) | undefined;
}

const CAPABILITIES: BrokerCapabilities = {
  bracket: true,
  oto: true,
  oco: true,
  replace: true,
  nativeStop: true,
  short: true,
  fractional: true,
  stream: true,
  clientIds: true,
};
/** Alpaca's longest page of orders, and of fills. */
const ORDERS_PAGE = 500;
const FILLS_PAGE = 100;
const FILL_PAGES = 100;
/** A replaced order is followed so far. */
const MAX_REPLACEMENTS = 50;

/** What is open while connected. */
interface Line {
  readonly scope: Scope;
  readonly http: HttpClient;
  readonly stream: ReconnectingSocket;
}

export class AlpacaBroker implements Broker {
  readonly name = 'alpaca';
  readonly capabilities = CAPABILITIES;
  readonly #options: AlpacaOptions;
  readonly #listeners = new Listeners<BrokerEvent>();
  /** Alpaca's id to ours, for what carries no id of ours: attached stops, fills. */
  readonly #names: LruTtlCache<string, { readonly clientId: string; readonly counts: boolean }>;
  #line: Line | null = null;
  #state: StreamState = 'DISCONNECTED';

  constructor(options: AlpacaOptions) {
    this.#options = options;
    this.#names = new LruTtlCache({
      name: `${options.scope.name}.names`,
      capacity: 1_000,
      ttlMs: 7 * 86_400_000,
      itemBytes: 256,
      scope: options.scope,
    });
  }

  get state(): StreamState {
    return this.#state;
  }

  onEvent(listener: (event: BrokerEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  async connect(): Promise<void> {
    if (this.#line !== null) return;
    const line = this.#open();
    this.#enter('CONNECTING', null);
    try {
      readAccount(expectOk(await this.#ask({ method: 'GET', path: '/v2/account' }), 'account'));
    } catch (error) {
      await this.#close(line);
      const refused = error instanceof VenueError && error.kind === 'refused';
      this.#enter(refused ? 'STOPPED' : 'RECONNECTING', (error as Error).message);
      throw error;
    }
    this.#enter('DEGRADED', 'the stream is not open yet');
    line.stream.start();
    line.scope.interval(this.#options.pollMs ?? 5_000, () => this.#poll(line), 'poll');
  }

  async disconnect(): Promise<void> {
    const line = this.#line;
    if (line !== null) await this.#close(line);
    this.#enter('DISCONNECTED', null);
  }

  async place(order: Cleared): Promise<VenueOrder> {
    expectCleared(order);
    const answer = await this.#send({ method: 'POST', path: '/v2/orders', body: orderBody(order.request) }, order);
    return this.#view(readOrder(expectOk(answer, `order ${order.request.clientId}`)), order.request.clientId);
  }

  placeOco(order: Cleared): Promise<VenueOrder> {
    return this.place(order);
  }

  async replace(clientId: string, change: OrderChange): Promise<VenueOrder> {
    const { row } = await this.#find(clientId);
    const body = {
      ...(change.qtyMicros !== undefined && { qty: textOfMicros(change.qtyMicros) }),
      ...(change.stopPrice !== undefined && { stop_price: textOfPrice(change.stopPrice, change.tickSize) }),
      ...(change.limitPrice !== undefined && { limit_price: textOfPrice(change.limitPrice, change.tickSize) }),
      client_order_id: nextId(row.client_order_id),
    };
    const answer = await this.#ask({ method: 'PATCH', path: `/v2/orders/${encodeURIComponent(row.id)}`, body, urgent: true });
    const next = readOrder(expectOk(answer, `replacement of ${clientId}`));
    this.#names.set(next.id, { clientId, counts: false });
    return orderOf(next, { clientId, armed: true, attached: null });
  }

  async cancel(clientId: string): Promise<void> {
    const { row } = await this.#find(clientId);
    const answer = await this.#ask({ method: 'DELETE', path: `/v2/orders/${encodeURIComponent(row.id)}`, urgent: true });
    // 422: it ended meanwhile; the order itself says how.
    if (answer.status !== 422) expectOk(answer, `cancellation of ${clientId}`);
  }

  async getOrder(clientId: string): Promise<VenueOrder | null> {
    const owner = ownerOfAttached(clientId);
    if (owner !== null) return (await this.getOrder(owner))?.attached ?? null;
    const row = await this.#row(clientId);
    return row === null ? null : this.#view(row, clientId);
  }

  async openOrders(): Promise<readonly VenueOrder[]> {
    const answer = await this.#ask({ method: 'GET', path: `/v2/orders?status=open&limit=${ORDERS_PAGE}&nested=true` });
    const orders: VenueOrder[] = [];
    for (const row of readOrders(expectOk(answer, 'open orders'))) {
      const known = this.#names.get(row.id)?.clientId;
      const owner = known === undefined ? null : ownerOfAttached(known);
      if (owner === null) orders.push(await this.#view(row, baseId(row.client_order_id)));
      else orders.push(orderOf(row, { clientId: attachedId(owner), armed: true, attached: null }));
    }
    return orders;
  }

  async fillsSince(since: EpochMs): Promise<readonly VenueFill[]> {
    const fills: VenueFill[] = [];
    const query = `direction=asc&page_size=${FILLS_PAGE}&after=${encodeURIComponent(new Date(Math.max(0, since - 1)).toISOString())}`;
    for (let page = 0, token = ''; page < FILL_PAGES; page += 1) {
      const path = `/v2/account/activities/FILL?${query}${token === '' ? '' : `&page_token=${encodeURIComponent(token)}`}`;
      const rows = readActivities(expectOk(await this.#ask({ method: 'GET', path }), 'fills'));
      for (const row of rows) fills.push(fillOfActivity(row, await this.#nameOf(row.order_id)));
      if (rows.length < FILLS_PAGE) break;
      token = rows.at(-1)?.id ?? '';
    }
    return fills;
  }

  async positions(): Promise<readonly VenuePosition[]> {
    return readPositions(expectOk(await this.#ask({ method: 'GET', path: '/v2/positions' }), 'positions'));
  }

  async account(): Promise<VenueAccount> {
    return readAccount(expectOk(await this.#ask({ method: 'GET', path: '/v2/account' }), 'account'));
  }

  async closeAll(): Promise<readonly CloseReport[]> {
    const answer = await this.#ask({ method: 'DELETE', path: '/v2/positions?cancel_orders=true', urgent: true });
    return readCloses(expectOk(answer, 'closing of all positions')).map(({ symbol, status }) => ({
      symbol,
      state: status < 300 ? 'CLOSING' : 'FAILED',
      sentence: status < 300 ? 'A market order was sent.' : `Alpaca answered ${status}.`,
    }));
  }

  #open(): Line {
    const { scope: owner, baseUrl, keys, timeoutMs, perMinute = 180, random } = this.#options;
    const scope = owner.child('line', { capacity: 512 });
    const headers = (): Readonly<Record<string, string>> => {
      const { keyId, secret } = keys();
      return { 'apca-api-key-id': keyId, 'apca-api-secret-key': secret };
    };
    const http = new HttpClient({ scope, baseUrl, headers, timeoutMs, perMinute });
    const stream = new ReconnectingSocket({
      name: 'alpaca trade updates',
      scope,
      url: () => `${baseUrl.replace(/^http/, 'ws')}/stream`,
      login: true,
      onOpen: (link) => {
        const { keyId, secret } = keys();
        link.send(JSON.stringify({ action: 'auth', key: keyId, secret }));
      },
      onMessage: (text, link) => this.#hear(text, link),
      onState: ({ state, error }) => this.#streamIs(state, error),
      // Trade updates come when something trades: silence says nothing, the pings do.
      times: { silenceMs: Number.MAX_SAFE_INTEGER },
      ...(random !== undefined && { random }),
    });
    this.#line = { scope, http, stream };
    return this.#line;
  }

  async #close(line: Line): Promise<void> {
    if (this.#line === line) this.#line = null;
    await line.scope.dispose();
  }

  #streamIs(state: StreamState, error: string | null): void {
    if (state === 'CONNECTED') {
      this.#enter('CONNECTED', null);
      // What happened while nobody listened.
      this.#tell({ kind: 'hint', symbol: null });
    } else if (state === 'RECONNECTING' || state === 'STOPPED') {
      if (this.#state === 'CONNECTED') this.#enter('DEGRADED', error);
    }
  }

  async #poll(line: Line): Promise<void> {
    if (line.stream.state === 'CONNECTED') return;
    try {
      readAccount(expectOk(await this.#ask({ method: 'GET', path: '/v2/account' }), 'account'));
    } catch (error) {
      if (this.#line === line) this.#enter('RECONNECTING', (error as Error).message);
      return;
    }
    if (this.#line !== line) return;
    if (this.#state === 'RECONNECTING') this.#enter('DEGRADED', 'the stream is away; orders are asked for every 5 s');
    this.#tell({ kind: 'hint', symbol: null });
  }

  #hear(text: string, link: SocketLink): void {
    const message = JSON.parse(text) as { readonly stream?: string; readonly data?: Readonly<Record<string, unknown>> };
    if (message.stream === 'authorization') {
      if (message.data?.['status'] === 'authorized')
        link.send(JSON.stringify({ action: 'listen', data: { streams: ['trade_updates'] } }));
      else link.refused('Alpaca refused the keys for its stream');
    } else if (message.stream === 'listening') {
      const streams = message.data?.['streams'];
      if (Array.isArray(streams) && streams.includes('trade_updates')) link.welcome();
      else link.fail('Alpaca does not offer trade updates');
    } else if (message.stream === 'trade_updates') this.#update(message.data);
  }

  #update(data: unknown): void {
    const update = readUpdate(data);
    const { order } = update;
    const known = this.#names.get(order.id);
    const ours = known?.clientId ?? (order.client_order_id.startsWith('wx1-') ? baseId(order.client_order_id) : null);
    const fill = fillOfUpdate(update, ours);
    if (fill !== null) this.#tell({ kind: 'fill', fill });
    // A replaced order says nothing of the one that took its place, an attached stop nothing of the order that arms it: they are asked for.
    const isPlain = ours !== null && ownerOfAttached(ours) === null && order.status !== 'replaced' && order.replaces == null;
    if (!isPlain) this.#tell({ kind: 'hint', symbol: order.symbol });
    else this.#tell({ kind: 'order', order: orderOf(order, { clientId: ours, armed: true, attached: null }) });
  }

  /** The row behind an id of ours, followed through its replacements. */
  async #find(clientId: string): Promise<{ readonly row: AlpacaOrder }> {
    const owner = ownerOfAttached(clientId);
    const row = await this.#row(owner ?? clientId);
    const wanted = row === null || owner === null ? row : await this.#followed(stopOf(row));
    if (wanted === null) throw new VenueError('gone', `${clientId}: the venue knows no such order`);
    return { row: wanted };
  }

  async #row(clientId: string): Promise<AlpacaOrder | null> {
    const path = `/v2/orders:by_client_order_id?client_order_id=${encodeURIComponent(clientId)}&nested=true`;
    const answer = await this.#ask({ method: 'GET', path, urgent: true });
    if (answer.status === 404) return null;
    const first = readOrder(expectOk(answer, `order ${clientId}`));
    if (baseId(first.client_order_id) !== clientId)
      throw new VenueError('unknown', `order ${clientId}: was answered with ${first.client_order_id}`);
    const row = await this.#followed(first);
    const isPlain = row === null || row.order_class == null || ['', 'simple'].includes(row.order_class);
    return isPlain || (row.legs ?? []).length > 0 ? row : this.#byId(row.id);
  }

  async #followed(first: AlpacaOrder | null): Promise<AlpacaOrder | null> {
    let row = first;
    for (let i = 0; i < MAX_REPLACEMENTS && row?.status === 'replaced' && row.replaced_by != null; i += 1)
      row = await this.#byId(row.replaced_by);
    return row;
  }

  async #byId(id: string): Promise<AlpacaOrder | null> {
    const answer = await this.#ask({ method: 'GET', path: `/v2/orders/${encodeURIComponent(id)}?nested=true`, urgent: true });
    return answer.status === 404 ? null : readOrder(expectOk(answer, `order ${id}`));
  }

  async #view(row: AlpacaOrder, clientId: string): Promise<VenueOrder> {
    this.#names.set(row.id, { clientId, counts: row.replaces == null });
    const stop = await this.#followed(stopOf(row));
    if (stop === null) return orderOf(row, { clientId, armed: true, attached: null });
    this.#names.set(stop.id, { clientId: attachedId(clientId), counts: stop.replaces == null });
    const armed = row.order_class === 'oco' || row.status === 'filled';
    const attached = orderOf(stop, { clientId: attachedId(clientId), armed, attached: null });
    return orderOf(row, { clientId, armed: true, attached });
  }

  async #nameOf(brokerId: string): Promise<{ readonly clientId: string | null; readonly counts: boolean }> {
    const known = this.#names.get(brokerId);
    if (known !== undefined) return known;
    const row = await this.#byId(brokerId);
    if (row?.client_order_id.startsWith('wx1-') !== true) return { clientId: null, counts: false };
    const name = { clientId: baseId(row.client_order_id), counts: row.replaces == null };
    this.#names.set(brokerId, name);
    return name;
  }

  #send(request: HttpRequest, order: Cleared): Promise<HttpAnswer> {
    return this.#ask({ ...request, urgent: !order.opens, beforeSend: () => order.spend() });
  }

  async #ask(request: HttpRequest): Promise<HttpAnswer> {
    const line = this.#line;
    if (line === null) throw new VenueError('unsent', 'alpaca: expected to be connected, was not');
    try {
      return await line.http.request(request);
    } catch (error) {
      if (error instanceof HttpFailure) throw new VenueError(error.maybeSent ? 'unknown' : 'unsent', error.message);
      throw error;
    }
  }

  #enter(state: StreamState, error: string | null): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#tell({ kind: 'link', state, error });
  }

  #tell(event: BrokerEvent): void {
    this.#listeners.tell(event);
  }
}

/** The stop that hangs on an order; null when none does. */
function stopOf(row: AlpacaOrder): AlpacaOrder | null {
  const stops = (row.legs ?? []).filter((leg) => leg.stop_price != null);
  return stops.find((leg) => leg.status !== 'replaced') ?? stops[0] ?? null;
}

/** @throws {VenueError} by what the status means for an order. */
function expectOk(answer: HttpAnswer, what: string): unknown {
  const { status, json } = answer;
  if (status >= 200 && status < 300) {
    if (json === undefined && answer.text !== '')
      throw new VenueError('unknown', `${what}: expected JSON, was ${answer.text.slice(0, 60)}`);
    return json;
  }
  const said = (json as { readonly message?: unknown } | undefined)?.message;
  const text = `${what}: Alpaca answered ${status}${typeof said === 'string' ? `, ${said.slice(0, 200)}` : ''}`;
  if (status === 429) throw new VenueError('unsent', text);
  if (status === 408 || status >= 500) throw new VenueError('unknown', text);
  // An answer that is no JSON came from something in between.
  if (json === undefined) throw new VenueError('unknown', text);
  if (status === 404) throw new VenueError('gone', text);
  if (status === 422 && typeof said === 'string' && /client_order_id/i.test(said)) throw new VenueError('duplicate', text);
  throw new VenueError('refused', text);
}
