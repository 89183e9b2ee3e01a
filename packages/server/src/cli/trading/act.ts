/** What changes how the system may trade, asked of a running server; what lets more risk in needs its phrase, typed out. */
import { STEP_UP_ACTIONS, STEP_UP_PHRASES, type StepUpAction, type TradingAction, type TradingWire } from '@wyckoff/contracts';
import { EXIT, Exit } from '../exit-codes.ts';
import type { ServerClient } from './server-client.ts';

/** @throws {Exit} with the phrase that is to be typed, when another was. */
export async function stepUp(client: ServerClient, action: StepUpAction, confirm: string | undefined): Promise<string> {
  const phrase = STEP_UP_PHRASES[action];
  if (confirm !== phrase) throw new Exit(EXIT.usage, `this lets more risk in: say --confirm "${phrase}"`);
  const { stepUpToken } = await client.ask<{ stepUpToken: string }>('/auth/step-up', {
    method: 'POST',
    body: { action, phrase },
  });
  return stepUpToken;
}

/** @throws ServerUnreachable, ServerProblem, {Exit} */
export async function act(client: ServerClient, body: TradingAction, confirm: string | undefined): Promise<TradingWire> {
  const action = STEP_UP_ACTIONS.find((one) => one === body.action);
  const headers = action === undefined ? {} : { 'x-step-up': await stepUp(client, action, confirm) };
  return await client.ask<TradingWire>('/trading/actions', { method: 'POST', headers, body });
}

/** The account a verb is about: the one that was named, else the only one. */
export async function accountOf(client: ServerClient, named: string | undefined): Promise<TradingWire['accounts'][number]> {
  const { accounts } = await client.ask<TradingWire>('/trading');
  const account = named === undefined ? accounts.at(0) : accounts.find(({ id }) => id === named);
  if (account !== undefined) return account;
  const known = accounts.map(({ id }) => id).join(', ');
  throw new Exit(EXIT.usage, `expected --account to be one of ${known === '' ? 'none' : known}, was ${named ?? 'nothing'}`);
}
