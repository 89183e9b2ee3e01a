/** A request without an answer: why, and whether the other side may have seen it - which decides if it may be sent again. */

export const HTTP_FAILURES = ['timeout', 'unreachable', 'reset', 'oversize', 'aborted', 'limited', 'closed', 'held'] as const;
export type HttpFailureReason = (typeof HTTP_FAILURES)[number];

export class HttpFailure extends Error {
  readonly reason: HttpFailureReason;
  /** False: not a byte can have reached the venue. */
  readonly maybeSent: boolean;

  constructor(reason: HttpFailureReason, maybeSent: boolean, text: string) {
    super(text);
    this.name = 'HttpFailure';
    this.reason = reason;
    this.maybeSent = maybeSent;
  }
}
