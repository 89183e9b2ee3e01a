/** A transition that no table lists: a defect of the program, never of the market (trading.md 4.2, 6.1, 7.1). */
export class IllegalTransition extends Error {
  constructor(what: string, from: string, to: string) {
    super(`${what}: expected a listed transition, was ${from} -> ${to}`);
    this.name = 'IllegalTransition';
  }
}
