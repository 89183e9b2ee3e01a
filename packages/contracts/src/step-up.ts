/** What lets more risk in, and what has to be typed for it (interface.md 6.4). */

/** What needs a fresh confirmation (interface.md 6.4): all that lets more risk in. */
export const STEP_UP_ACTIONS = [
  'resume',
  'enableAutomation',
  'setMode',
  'resetBreaker',
  'resetDrawdown',
  'acknowledgeReconcile',
  'setAcceptance',
  'raiseRisk',
  'purgeDeadLetters',
  'resetPaper',
] as const;
export type StepUpAction = (typeof STEP_UP_ACTIONS)[number];

/** What has to be typed, word for word, where there are no passwords: the sentence says what it lets in. */
export const STEP_UP_PHRASES: Readonly<Record<StepUpAction, string>> = {
  resume: 'RESUME TRADING',
  setAcceptance: 'CHANGE ACCEPTANCE',
  enableAutomation: 'ENABLE AUTOMATION',
  setMode: 'CHANGE MODE',
  resetBreaker: 'RESET BREAKER',
  resetDrawdown: 'RESET DRAWDOWN',
  acknowledgeReconcile: 'ACKNOWLEDGE',
  raiseRisk: 'RAISE RISK',
  purgeDeadLetters: 'PURGE DEAD LETTERS',
  resetPaper: 'RESET PAPER',
};
