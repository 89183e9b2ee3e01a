/** Checks as a person may read them: every one that was asked, in order, and the first that failed (trading.md 4.5, 4.6, 7.3). */
import * as z from 'zod';

export const gateCheck = z.object({
  /** A code of the domain, unchanged: `KILL_SWITCH`, `RK_HEAT`. */
  code: z.string(),
  passed: z.boolean(),
  value: z.number().nullable(),
  limit: z.number().nullable(),
  sentence: z.string(),
});
export const gate = z.object({ allowed: z.boolean(), checks: z.array(gateCheck) });
export type GateWire = z.infer<typeof gate>;
