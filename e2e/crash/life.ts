/** How one process of a crash test ended. */

export interface Life {
  readonly outcome: 'killed' | 'finished' | 'failed';
  readonly said: string;
}

/** `finished` only when it said so and left with 0. */
export function lifeOf(code: number | null, signal: NodeJS.Signals | null, said: string): Life {
  const outcome = signal === 'SIGKILL' ? 'killed' : code === 0 && said.includes('finished') ? 'finished' : 'failed';
  return { outcome, said };
}
