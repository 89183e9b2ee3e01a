/** What people and the world outside ask of an account, carried out by its desks; a refusal is an answer (trading.md 4.5, 5.7, 6, 7). */
import { refuseQueueRules } from '../acceptance/approval-queue.ts';
import { refuseAutomation } from '../acceptance/automation.ts';
import type { Gate } from '../acceptance/check.ts';
import type { CommandAnswer } from '../acceptance/command.ts';
import type { KillSwitch } from '../acceptance/kill-switch.ts';
import { BREAKER_CLOSED } from '../acceptance/loss-breaker.ts';
import { LIMIT_FIELDS, changeLimits } from '../risk/limits.ts';
import { idOf } from '../setup/digest.ts';
import { externalCandidate } from '../setup/external.ts';
import { refusal } from '../setup/refusal.ts';
import type { Refusal } from '../setup/refusal.ts';
import { toTick } from '../setup/tick.ts';
import { orderIdOf } from '../trade/client-order-id.ts';
import { hasStop, positionOf, sideOf } from '../trade/open-position.ts';
import type { OpenPosition, PositionPlan } from '../trade/open-position.ts';
import type { BookFill } from '../trade/position-book.ts';
import { judgeStopMove } from '../trade/stop-moves.ts';
import type { AcceptanceDesk } from './acceptance-desk.ts';
import type { EntryDesk } from './entry-desk.ts';
import type { ExitDesk } from './exit-desk.ts';
import type { FillDesk } from './fill-desk.ts';
import { campaignOf, instrumentOf, laneOf } from './floor.ts';
import type { Floor } from './floor.ts';
import type { ExternalSignal, FoundPosition, TradingCommand } from './input.ts';

export interface Desks {
  readonly acceptance: AcceptanceDesk;
  readonly entries: EntryDesk;
  readonly exits: ExitDesk;
  readonly fills: FillDesk;
}

interface Done {
  readonly orderId?: string;
  readonly gate?: Gate;
  readonly repeated?: boolean;
}

/** Closing an account and opening another is the engine's own. */
export type DeskCommand = Exclude<TradingCommand, { readonly kind: 'closeAccount' | 'openAccount' }>;

type Of<K extends TradingCommand['kind']> = Extract<TradingCommand, { readonly kind: K }>;

export class CommandDesk {
  readonly #floor: Floor;
  readonly #desks: Desks;

  constructor(floor: Floor, desks: Desks) {
    this.#floor = floor;
    this.#desks = desks;
  }

  carryOut(actor: string, command: DeskCommand): CommandAnswer {
    switch (command.kind) {
      case 'approve':
        return this.#approve(command);
      case 'reject':
        return this.#reject(command);
      case 'cancelSignal':
        return this.#cancelSignal(actor, command);
      case 'cancelOrder':
        return this.#cancelOrder(command);
      case 'cancelCampaign':
        return this.#endCampaign(command.campaignId, false, command.version);
      case 'abandonCampaign':
        return this.#endCampaign(command.campaignId, true, null);
      case 'moveStop':
        return this.#moveStop(command);
      case 'exit':
        return this.#exit(command);
      case 'setKillSwitch':
        return this.#kill(actor, command.kill);
      case 'setCalendar':
        this.#desks.entries.knows(command.calendar);
        return this.#done();
      case 'importPosition':
        return this.#import(command.position);
      case 'external':
        return this.#external(command.signal);
      case 'acknowledgeReconcile':
        return this.#acknowledge(actor, command);
      default:
        return this.#setting(actor, command);
    }
  }

  /** Under FLATTEN: whatever is open and not being closed. Cancels first, so that nothing opens meanwhile. */
  flattenAll(activationId: string): void {
    for (const position of this.#floor.book.positions) {
      const order = this.#desks.exits.flatten(position, activationId);
      if (order === null) continue;
      const { accountId, trading } = this.#floor;
      const { id: positionId, symbol } = position;
      trading.flattened({
        accountId,
        positionId,
        symbol,
        orderId: order.id,
        state: 'CLOSING',
        sentence: 'A market order was handed out.',
      });
    }
  }

  /** A position that FLATTEN should close and nobody closes. */
  get isFlattening(): boolean {
    const { trading, book } = this.#floor;
    return trading.now.kill.level === 'FLATTEN' && book.positions.some(({ exiting }) => exiting === null);
  }

  #setting(
    actor: string,
    command: Of<
      | 'setAcceptance'
      | 'setAutomation'
      | 'setLimits'
      | 'setHalt'
      | 'setConnection'
      | 'resetBreaker'
      | 'resetDrawdown'
      | 'flattenResult'
      | 'permit'
      | 'correction'
      | 'fxRate'
    >,
  ): CommandAnswer {
    const { trading, halts, book, facts } = this.#floor;
    switch (command.kind) {
      case 'setAcceptance': {
        const refused = refuseQueueRules(command.queue);
        if (refused !== null) return this.#refuse('SETTING', refused);
        for (const entry of trading.setRules(command.queue)) this.#desks.acceptance.overflowed(entry);
        trading.change({ mode: command.mode }, actor, 'ACCEPTANCE');
        return this.#done();
      }
      case 'setAutomation': {
        const refused = refuseAutomation(command.settings);
        if (refused !== null) return this.#answer(refused);
        trading.change({ automation: command.settings, consent: command.consent }, actor, 'AUTOMATION');
        return this.#done();
      }
      case 'setLimits':
        return this.#setLimits(actor, command);
      case 'setHalt': {
        const { halt, symbol, inForce, reason } = command;
        if (symbol === null && (halt === 'STALE' || halt === 'RECONCILE'))
          return this.#refuse('SYMBOL', `${halt} needs a symbol.`);
        halts.set(halt, { symbol, on: inForce, reason, actor });
        return this.#done();
      }
      case 'setConnection':
        if (trading.now.brokerConnected !== command.connected)
          trading.change({ brokerConnected: command.connected }, actor, command.connected ? 'BROKER_UP' : 'BROKER_DOWN');
        return this.#done();
      case 'resetBreaker':
        trading.change({ breaker: BREAKER_CLOSED }, actor, command.reason);
        return this.#done();
      case 'resetDrawdown':
        book.resetPeak();
        halts.command({ kind: 'reset-drawdown', actor, reason: command.reason });
        return this.#done();
      case 'flattenResult':
        trading.flattened(command.result);
        return this.#done();
      case 'permit':
        trading.change({ permitted: command.allowed }, actor, command.reason);
        return this.#done();
      case 'correction':
        if (!Number.isSafeInteger(command.amountMicros))
          return this.#refuse('AMOUNT', 'The amount is no whole number of micros.');
        book.correct(command.amountMicros, facts.at, command.refId);
        halts.command({ kind: 'cash-moved', micros: command.amountMicros });
        return this.#done();
      case 'fxRate':
        return this.#convert(command);
    }
  }

  /** Another version of the settings: whoever agreed to the former ones did not agree to these (4.6). */
  #setLimits(actor: string, { limits: wanted, reason }: Of<'setLimits'>): CommandAnswer {
    const { trading } = this.#floor;
    const limits = changeLimits(trading.now.limits, wanted);
    if ('code' in limits) return this.#answer(limits);
    const { automation, limits: former } = trading.now;
    if (LIMIT_FIELDS.every((field) => limits[field] === former[field])) return this.#done({ repeated: true });
    trading.change({ limits, automation: { ...automation, version: automation.version + 1 } }, actor, reason);
    return this.#done();
  }

  #approve({ by, signalId, qtyMicros }: Of<'approve'>): CommandAnswer {
    const { gate, refusal: refused, repeated } = this.#desks.acceptance.approve(by, signalId, qtyMicros);
    const made = gate.allowed ? { orderId: orderIdOf(signalId, 'ENTRY') } : {};
    return this.#answer(refused, { gate, repeated, ...made });
  }

  #reject({ by, signalId, reason }: Of<'reject'>): CommandAnswer {
    const { queue } = this.#floor.trading;
    if (by.role === 'viewer') return this.#refuse('FORBIDDEN', 'Rejecting needs the role of a trader.');
    const first = queue.decisionOn(signalId);
    if (first?.decision === 'reject' && first.by === by.user) return this.#done({ repeated: true });
    if (reason.trim().length < 3 || reason.length > 500) return this.#refuse('REASON', 'A reason has 3-500 characters.');
    if (this.#desks.acceptance.reject(by.user, signalId, reason)) return this.#done();
    return this.#refuse('NOT_PENDING', 'The signal does not wait for approval.');
  }

  #cancelSignal(actor: string, { signalId }: Of<'cancelSignal'>): CommandAnswer {
    const live = this.#floor.signals.find(signalId);
    if (live === undefined) return this.#refuse('NOT_FOUND', 'There is no such living signal.');
    if (this.#desks.exits.cancelEntry(live, 'USER', actor)) return this.#done();
    return this.#refuse('NOT_WORKING', 'The entry was filled already.');
  }

  #cancelOrder({ orderId }: Of<'cancelOrder'>): CommandAnswer {
    const { orders, tray } = this.#floor;
    const order = orders.byId(orderId);
    if (order === undefined) return this.#refuse('NOT_FOUND', 'There is no such working order.');
    // A person may call back what a person ordered; what a rule, the kill switch or a bracket closes works on.
    const protects = order.intent === 'CLOSE' && order.reason !== 'MANUAL';
    if (protects) return this.#refuse('PROTECTIVE', 'The order protects a position: move its stop, or close the position.');
    if (order.state !== 'CANCEL_PENDING') tray.put({ kind: 'cancel', clientId: order.clientId, reason: 'USER' });
    return this.#done({ orderId });
  }

  #endCampaign(campaignId: string, keep: boolean, version: number | null): CommandAnswer {
    const found = campaignOf(this.#floor, campaignId);
    if (found === null) return this.#refuse('NOT_FOUND', 'There is no such living campaign.');
    const seen = 'version' in found.campaign ? found.campaign.version : null;
    if (version !== null && seen !== null && seen !== version)
      return this.#refuse('VERSION', 'The campaign has changed meanwhile.');
    this.#desks.exits.cancelCampaign(found.lane, found.campaign, keep);
    return this.#done();
  }

  #moveStop({ positionId, stop, version }: Of<'moveStop'>): CommandAnswer {
    const position = this.#position(positionId);
    if (position === undefined) return this.#refuse('NOT_FOUND', 'There is no such open position.');
    if (version !== null && version !== position.version) return this.#refuse('VERSION', 'The position has changed meanwhile.');
    if (position.exiting !== null) return this.#refuse('CLOSING', 'The position is being closed.');
    const side = sideOf(position.direction);
    const price = toTick(stop, instrumentOf(this.#floor, position).tickSize, side === 1 ? 'down' : 'up');
    const refused = judgeStopMove(hasStop(position) ? position : { ...position, stop: price }, price);
    if (refused !== null) return this.#answer(refused);
    if (price === position.stop) return this.#done();
    const order = this.#desks.fills.moveStop(position, price);
    return this.#done(order === null ? {} : { orderId: order.id });
  }

  #exit({ positionId, qtyMicros, limitPrice, tif }: Of<'exit'>): CommandAnswer {
    const position = this.#position(positionId);
    if (position === undefined) return this.#refuse('NOT_FOUND', 'There is no such open position.');
    if (position.exiting !== null) return this.#refuse('CLOSING', 'The position is being closed.');
    const { lotStepMicros, tickSize } = instrumentOf(this.#floor, position);
    const steps = qtyMicros === null ? position.openSteps : Math.min(position.openSteps, Math.floor(qtyMicros / lotStepMicros));
    if (!(steps > 0)) return this.#refuse('QUANTITY', 'The quantity is not one whole step.');
    if (limitPrice !== null && !(Number.isFinite(limitPrice) && limitPrice > 0))
      return this.#refuse('PRICE', 'The limit is no price.');
    const { exits } = this.#desks;
    const all = steps === position.openSteps && limitPrice === null;
    // On the tick, never worse than he said.
    const limit = limitPrice === null ? null : toTick(limitPrice, tickSize, position.direction === 'LONG' ? 'up' : 'down');
    const order = all
      ? exits.leave(position, 'MANUAL')
      : exits.leavePart(position, {
          steps,
          limitPrice: limit,
          reason: 'MANUAL',
          ...(limit !== null && tif !== undefined && { tif }),
        });
    if (order === null && position.exiting === null) return this.#refuse('CLOSING', 'Everything that is open is being closed.');
    return this.#done(order === null ? {} : { orderId: order.id });
  }

  /** The flag is the whole system's; what the account does about it happens here, at once (7.6). */
  #kill(actor: string, kill: KillSwitch): CommandAnswer {
    const { trading, signals } = this.#floor;
    const { kill: former } = trading.now;
    if (former.level === kill.level && former.activationId === kill.activationId) return this.#done();
    trading.change({ kill }, actor, kill.reason);
    if (kill.level === 'OFF') return this.#done();
    for (const live of signals.living)
      if (live.signal.status === 'APPROVED' || live.signal.status === 'SUBMITTED')
        this.#desks.exits.cancelEntry(live, 'KILL_SWITCH');
    for (const order of this.#floor.orders.living) this.#dropRest(order.clientId);
    if (kill.level === 'FLATTEN') this.flattenAll(kill.activationId ?? 'unnamed');
    return this.#done();
  }

  /** The rest of an entry of which a part is filled opens as well. */
  #dropRest(clientId: string): void {
    const order = this.#floor.orders.find(clientId);
    if (order?.intent === 'OPEN' && order.state === 'PARTIALLY_FILLED')
      this.#floor.tray.put({ kind: 'cancel', clientId, reason: 'KILL_SWITCH' });
  }

  #convert({ symbol, rate }: Of<'fxRate'>): CommandAnswer {
    const { lanes, book, facts } = this.#floor;
    const mine = lanes.filter((lane) => lane.symbol === symbol);
    if (mine.length === 0) return this.#refuse('NO_SERIES', `The account has no series of ${symbol}.`);
    if (!(Number.isFinite(rate) && rate > 0)) return this.#refuse('FX_RATE_MISSING', 'The rate is no price.');
    for (const lane of mine) {
      lane.convert(rate, facts.at);
      book.admit({ instrument: lane.instrument, costs: lane.costs });
    }
    return this.#done();
  }

  /** A position somebody opened at the broker: shown, counted, protected where it has a stop; no rule closes it (7.5). */
  #import(found: FoundPosition): CommandAnswer {
    const { book, facts, accountId, lanes } = this.#floor;
    if (!lanes.some(({ symbol }) => symbol === found.symbol))
      return this.#refuse('NO_SERIES', `The account has no series of ${found.symbol}.`);
    if (this.#position(found.id) !== undefined || book.find(found.id) !== undefined) return this.#done({ repeated: true });
    const instrument = book.instrumentOf(found.symbol);
    const steps = Math.floor(found.qtyMicros / instrument.lotStepMicros);
    if (!(steps > 0 && Number.isFinite(found.avgEntry) && found.avgEntry > 0))
      return this.#refuse('QUANTITY', 'The position has no whole quantity or no price.');
    const position = book.open(planOf(found, facts.at), fillOf(found, steps, facts.at), null);
    if (!hasStop(position)) position.stopRevision = 0;
    facts.tell('position.opened', positionOf(position, instrument));
    const sentence = `A position of ${found.qtyMicros / 1e6} ${found.symbol} was found at the broker and is kept as MANUAL.`;
    facts.tell('reconcile.difference', { accountId, symbol: found.symbol, code: 'IMPORTED', sentence, refId: position.id });
    if (found.stop !== null) {
      position.stopRevision = 0;
      this.#desks.fills.moveStop(position, found.stop);
    }
    return this.#done();
  }

  #acknowledge(actor: string, { symbol, positions, reason }: Of<'acknowledgeReconcile'>): CommandAnswer {
    const { halts, facts, accountId } = this.#floor;
    for (const { positionId, qtyMicros, price } of positions) {
      const position = this.#position(positionId);
      if (position === undefined) continue;
      const { lotStepMicros } = instrumentOf(this.#floor, position);
      const gone = position.openSteps - Math.floor(qtyMicros / lotStepMicros);
      if (gone <= 0) continue;
      this.#desks.fills.closedElsewhere(position, { steps: gone, price });
      const sentence = `The broker holds ${qtyMicros / 1e6}; the rest is closed in the book: ${reason}`;
      facts.tell('reconcile.difference', { accountId, symbol, code: 'QUANTITY', sentence, refId: positionId });
    }
    halts.set('RECONCILE', { symbol, on: false, reason, actor });
    return this.#done();
  }

  #external(sent: ExternalSignal): CommandAnswer {
    const { accountId, facts, lanes, settings } = this.#floor;
    const { signature, symbol, timeframe, direction, entry, stop, targets } = sent;
    const known = lanes.find((lane) => lane.owns(symbol, timeframe));
    if (known === undefined || known.bars === 0)
      return this.#refuse('NO_SERIES', `The account has no bars of ${symbol} ${timeframe}.`);
    const lane = laneOf(this.#floor, symbol, timeframe);
    const { tickSize } = lane.instrument;
    const candidate = externalCandidate(
      { signature, side: sideOf(direction), entry, stop, targets },
      { accountId, timeframe, tickSize, bar: lane.bar, at: facts.at, policy: settings.policy },
    );
    const refused = this.#desks.entries.external(lane, candidate);
    return refused === null ? this.#done() : this.#refuse(refused, `The signal was not accepted: ${refused}.`);
  }

  #position(positionId: string): OpenPosition | undefined {
    return this.#floor.book.positions.find(({ id }) => id === positionId);
  }

  #refuse(code: string, sentence: string): CommandAnswer {
    return this.#answer(refusal(code, sentence));
  }

  #done(done: Done = {}): CommandAnswer {
    return this.#answer(null, done);
  }

  #answer(refused: Refusal | null, { orderId, gate, repeated }: Done = {}): CommandAnswer {
    return {
      done: refused === null && gate?.allowed !== false,
      refusal: refused,
      gate: gate ?? null,
      orderId: orderId ?? null,
      repeated: repeated ?? false,
      at: this.#floor.facts.at,
    };
  }
}

function planOf(found: FoundPosition, at: number): PositionPlan {
  const { id, symbol, direction, stop, avgEntry } = found;
  return {
    signalId: id, symbol, origin: 'MANUAL', campaignId: idOf('manual', id), pattern: 'EXTERNAL', leg: 'F', direction, phase: null,
    confidence: null, signalAt: at, initialStop: stop ?? 0, targets: [], protectingEdge: avgEntry,
  }; // prettier-ignore
}

function fillOf(found: FoundPosition, steps: number, at: number): BookFill {
  return { steps, price: found.avgEntry, ts: at, commissionMicros: 0, slippageMicros: 0, impactMicros: 0, orderId: found.id };
}
