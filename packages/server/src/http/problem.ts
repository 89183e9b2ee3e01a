/** Every error answer, as one row of the contract's table (RFC 9457, interface.md 2.3). */
import { type ProblemCode, PROBLEMS } from '@wyckoff/contracts';
import { StoreFailure } from '../store/refused.ts';

/** What a problem may carry beside its row: the values behind it, and headers such as `Retry-After`. */
export interface ProblemDetail {
  /** "expected x, was y" */
  readonly detail?: string | undefined;
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Thrown by a hook or a handler; answered as `application/problem+json`. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: ProblemDetail;

  constructor(code: ProblemCode, detail: ProblemDetail = {}) {
    super(detail.detail ?? PROBLEMS[code][1]);
    this.name = 'Problem';
    this.code = code;
    this.detail = detail;
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** The body of the answer. */
export function problemBody(problem: Problem, requestId: string): Readonly<Record<string, unknown>> {
  const [status, title, remedy] = PROBLEMS[problem.code];
  return {
    type: `urn:wyckoff:${problem.code}`,
    title,
    status,
    code: problem.code,
    ...(problem.detail.detail === undefined ? {} : { detail: problem.detail.detail }),
    remedy,
    requestId,
    ...problem.detail.extra,
  };
}

/** Which row an error of the framework is; everything unknown is `server.internal`, and its text stays in the log. */
const FRAMEWORK: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'request.malformed',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request.malformed',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.malformed',
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.unsupported_type',
  FST_ERR_BAD_URL: 'request.unknown_route',
  FST_ERR_MAX_PARAM_LENGTH: 'request.unknown_route',
};

/** What the store could not do, with when to try again; its text names holders and statements, so it stays in the log. */
function storeProblem({ code, retryAfterSeconds }: StoreFailure): Problem {
  return new Problem(code, retryAfterSeconds === null ? {} : { headers: { 'retry-after': String(retryAfterSeconds) } });
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = FRAMEWORK[(error as { code?: string } | null)?.code ?? ''];
  if (code !== undefined) return new Problem(code);
  if (error instanceof StoreFailure) return storeProblem(error);
  // secure-json-parse refuses `__proto__` keys and broken JSON with plain syntax errors of status 400.
  if ((error as { statusCode?: number } | null)?.statusCode === 400) return new Problem('request.malformed');
  return new Problem('server.internal');
}
