import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BrokerReport, Instruction } from '../execution/instruction.ts';
import type { Fill } from '../execution/order.ts';
import type { OrderTerms } from '../risk/approved-order.ts';
import type { Fact } from './fact.ts';
import { QUIET, accountOptions, random, runs, someCommand, world } from './kit/account-world.ts';
import { FactLedger } from './kit/fact-ledger.ts';
import { DAY, START } from './kit/scripted-market.ts';
import { createAccountEngine } from './trading-engine.ts';

interface Held {
  readonly terms: OrderTerms;
  filled: number;
  fills: number;
  over: boolean;
}

interface Stop {
  readonly clientId: string;
  readonly signalId: string;
  readonly symbol: string;
  /** What it was ordered for and is not yet filled. */
  readonly steps: number;
}

/** A venue that times out, refuses, fills in parts and twice, fills what it was asked to cancel, and reports late. */
class LyingVenue {
  readonly #roll: (below: number) => number;
  readonly #orders = new Map<string, Held>();
  /** Steps held, by signal. */
  readonly net = new Map<string, number>();
  /** What was filled too late goes on under another name. */
  readonly alias = new Map<string, string>();
  /** Fills so far of a stop. */
  readonly #stopFills = new Map<string, number>();
  #reports: BrokerReport[] = [];
  placedTwice = 0;
  late = 0;

  constructor(seed: number) {
    this.#roll = random(seed + 99);
  }

  take(instructions: readonly Instruction[], ts: number, price: (symbol: string) => number): void {
    for (const instruction of instructions) {
      if (instruction.kind === 'place') this.#place(instruction.order.terms);
      else if (instruction.kind === 'replace') this.#replace(instruction.clientId, instruction.order.terms);
      else if (instruction.kind === 'cancel') this.#cancel(instruction.clientId, ts, price);
    }
  }

  /** Steps held, by symbol and direction. */
  holdings(): ReadonlyMap<string, number> {
    const held = new Map<string, number>();
    for (const { terms } of this.#orders.values()) {
      if (terms.intent !== 'OPEN') continue;
      const name = `${terms.symbol} ${terms.side === 'BUY' ? 'LONG' : 'SHORT'}`;
      held.set(name, (held.get(name) ?? 0) + (this.net.get(terms.signalId) ?? 0));
    }
    return held;
  }

  reports(): readonly BrokerReport[] {
    const reports = this.#reports;
    this.#reports = [];
    return reports;
  }

  /** Time at the venue: what works is filled, in parts; a stop now and then. */
  trade(ts: number, price: (symbol: string) => number, stops: readonly Stop[]): void {
    for (const [clientId, order] of this.#orders) {
      if (order.over || this.#roll(2) === 0) continue;
      const isStop = order.terms.leg.startsWith('STOP.');
      if (!isStop) this.#fill(clientId, order, { ts, price: price(order.terms.symbol), part: this.#roll(2) === 0 });
    }
    for (const stop of stops) if (this.#roll(6) === 0) this.#stopOut(stop, ts, price(stop.symbol));
  }

  /** Nothing is filled any more: whatever works is cancelled. */
  close(): void {
    for (const [clientId, order] of this.#orders) {
      if (order.over) continue;
      order.over = true;
      this.#tell({ kind: 'ended', clientId, state: 'CANCELLED', reason: 'VENUE' });
    }
  }

  #tell(report: BrokerReport): void {
    this.#reports.push(report);
    // A message that is delivered twice.
    if (this.#roll(5) === 0) this.#reports.push(report);
  }

  #place(terms: OrderTerms): void {
    const { clientId } = terms;
    if (this.#orders.has(clientId)) this.placedTwice += 1;
    const order: Held = { terms, filled: 0, fills: 0, over: false };
    this.#orders.set(clientId, order);
    const what = this.#roll(8);
    if (what === 0) {
      order.over = true;
      this.#tell({ kind: 'ended', clientId, state: 'REJECTED', reason: 'VENUE_SAYS_NO' });
    } else if (what === 1) {
      order.over = true;
      this.#tell({ kind: 'uncertain', clientId, reason: 'TIMEOUT' });
      this.#tell({ kind: 'ended', clientId, state: 'FAILED', reason: 'UNKNOWN_TO_VENUE' });
    } else {
      if (what === 2) this.#tell({ kind: 'uncertain', clientId, reason: 'TIMEOUT' });
      // Sometimes the fill overtakes the acceptance.
      if (what !== 3) this.#tell({ kind: 'accepted', clientId, brokerId: `v-${clientId.slice(4, 10)}` });
    }
  }

  #replace(clientId: string, terms: OrderTerms): void {
    if (this.#roll(5) === 0) {
      this.#tell({ kind: 'cancelRefused', clientId, reason: 'BUSY' });
      this.#tell({ kind: 'ended', clientId: terms.clientId, state: 'REJECTED', reason: 'REPLACE_REFUSED' });
      return;
    }
    this.#orders.set(terms.clientId, { terms, filled: 0, fills: 0, over: false });
    this.#tell({ kind: 'replaced', clientId, by: terms.clientId });
  }

  #cancel(clientId: string, ts: number, price: (symbol: string) => number): void {
    const order = this.#orders.get(clientId);
    if (order === undefined) {
      // A leg of a bracket.
      this.#tell({ kind: 'ended', clientId, state: 'CANCELLED', reason: 'ASKED' });
      return;
    }
    if (order.over) {
      this.#tell({ kind: 'cancelRefused', clientId, reason: 'NOT_WORKING' });
      return;
    }
    this.#tell({ kind: 'cancelPending', clientId });
    const what = this.#roll(4);
    if (what === 0) this.#fill(clientId, order, { ts, price: price(order.terms.symbol), part: false });
    else if (what === 1) this.#tell({ kind: 'cancelRefused', clientId, reason: 'BUSY' });
    else {
      order.over = true;
      this.#tell({ kind: 'ended', clientId, state: 'CANCELLED', reason: 'ASKED' });
      if (what === 2 && order.terms.intent === 'OPEN' && this.#roll(3) === 0) {
        this.late += 1;
        this.#fill(clientId, order, { ts, price: price(order.terms.symbol), part: true });
      }
    }
  }

  #name(signalId: string): string {
    return this.alias.get(signalId) ?? signalId;
  }

  #fill(clientId: string, order: Held, of: { readonly ts: number; readonly price: number; readonly part: boolean }): void {
    const { terms } = order;
    const held = this.net.get(this.#name(terms.signalId)) ?? 0;
    const rest = terms.intent === 'CLOSE' ? Math.min(held, terms.steps - order.filled) : terms.steps - order.filled;
    if (rest <= 0) {
      if (!order.over && terms.intent === 'CLOSE') {
        order.over = true;
        this.#tell({ kind: 'ended', clientId, state: 'CANCELLED', reason: 'NOTHING_LEFT' });
      }
      return;
    }
    const steps = of.part ? Math.max(1, Math.floor(rest / 2)) : rest;
    order.filled += steps;
    order.fills += 1;
    if (order.filled === terms.steps) order.over = true;
    this.net.set(this.#name(terms.signalId), held + (terms.intent === 'OPEN' ? steps : -steps));
    this.#tell({ kind: 'filled', clientId, fill: fillOf(terms.orderId, clientId, { ...of, n: order.fills, steps }) });
  }

  #stopOut(stop: Stop, ts: number, price: number): void {
    const name = this.#name(stop.signalId);
    const held = this.net.get(name) ?? 0;
    // Two lots that came too late are held under one name, each with a stop of its own.
    const steps = Math.min(held, stop.steps);
    if (steps <= 0) return;
    this.net.set(name, held - steps);
    const n = (this.#stopFills.get(stop.clientId) ?? 0) + 1;
    this.#stopFills.set(stop.clientId, n);
    this.#tell({
      kind: 'filled',
      clientId: stop.clientId,
      fill: fillOf('stop', stop.clientId, { ts, price, n, steps }),
    });
    for (const [clientId, order] of this.#orders)
      if (order.terms.signalId === stop.signalId && !order.over && order.terms.intent === 'OPEN') {
        order.over = true;
        this.#tell({ kind: 'ended', clientId, state: 'CANCELLED', reason: 'POSITION_CLOSED' });
      }
  }
}

function fillOf(orderId: string, clientId: string, of: { ts: number; price: number; n: number; steps: number }): Fill {
  return {
    orderId, n: of.n, execId: `${clientId}#${of.n}`, ts: of.ts, qtyMicros: of.steps * 1_000_000, price: of.price, grossPrice: of.price,
    commissionMicros: 1_000_000, slippageMicros: 0, impactMicros: 0,
  }; // prettier-ignore
}

test('TR-12 TR-7 over 10,000 lives at a venue that lies: one order per leg, what it holds is what we hold, no reservation without an order', () => {
  let trades = 0;
  let late = 0;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      // Most lives are short, so that there are many.
      const of = world(seed, seed % 20 === 0 ? 20 : 2 + (seed % 4));
      const facts: Fact[] = [];
      const venue = new LyingVenue(seed);
      const ledger = new FactLedger();
      const engine = createAccountEngine({
        ...accountOptions(of, { broker: 'venue' }),
        sink: (fact) => {
          facts.push(fact);
          ledger.hear(fact);
          const before = facts.at(-2);
          if (fact.kind !== 'position.opened' || before?.kind === 'signal.changed') return;
          const entry = facts.findLast((one) => one.kind === 'order.filled');
          const entered = entry?.kind === 'order.filled' ? entry.data.order.signalId : null;
          if (entered !== null && entered !== fact.data.signalId) venue.alias.set(fact.data.signalId ?? '', entered);
        },
        onTrade: () => (trades += 1),
      });
      const roll = random(seed + 5);
      const priceOf = (i: number) => (symbol: string) => of.instants[i][['AAA', 'BBB', 'CCC'].indexOf(symbol)].bar.close;
      const settle = (i: number, at: number): void => {
        for (let round = 0; round < 40; round += 1) {
          venue.take(engine.takeOrders(), at, priceOf(i));
          const reports = venue.reports();
          if (reports.length === 0 && !engine.ordersWaiting) break;
          if (reports.length > 0) engine.next({ kind: 'broker', at, reports });
        }
        const open = ledger.working.filter(({ intent }) => intent === 'OPEN').map(({ signalId }) => signalId);
        for (const { signalId } of ledger.held) expect(open).toContain(signalId);
        // What was filled too late is booked under a name of its own: compared is what is held of each symbol.
        const ours: Record<string, number> = {};
        for (const { symbol, direction, openQtyMicros } of engine.report().openPositions)
          ours[`${symbol} ${direction}`] = (ours[`${symbol} ${direction}`] ?? 0) + openQtyMicros / 1e6;
        for (const [held, steps] of venue.holdings()) expect(`${held} ${ours[held] ?? 0}`).toBe(`${held} ${steps}`);
      };
      for (let i = 0; i < of.instants.length; i += 1) {
        const at = START + (i + 1) * DAY;
        engine.next({ kind: 'bars', bars: of.instants[i] });
        settle(i, at);
        if (i < QUIET) continue;
        if (roll(2) === 0) {
          engine.next(someCommand(facts, at + 1_000, roll));
          settle(i, at + 1_000);
        }
        const stops = ledger.working
          .filter(({ leg }) => leg.startsWith('STOP.'))
          .map(({ clientId, signalId, symbol, qtyMicros, filledQtyMicros }) => ({
            clientId,
            signalId: signalId ?? '',
            symbol,
            steps: (qtyMicros - filledQtyMicros) / 1e6,
          }));
        venue.trade(at + 2_000, priceOf(i), stops);
        settle(i, at + 2_000);
      }
      venue.close();
      settle(of.instants.length - 1, START + 200 * DAY);
      expect(ledger.held).toEqual([]);
      expect(venue.placedTwice).toBe(0);
      late += venue.late;
      const { account } = engine.report();
      expect(ledger.cash).toBe(account.cashMicros);
    }),
    { seed: 46, numRuns: runs(10_000) },
  );
  expect(trades).toBeGreaterThan(300);
  expect(late).toBeGreaterThan(12);
}, 240_000);
