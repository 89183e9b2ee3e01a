/** The figures a signal was judged by, as they are kept with it (trading.md end of 3). */
import type { SignalFigures } from '../setup/signal.ts';
import type { Assessment, Refused } from './assess.ts';
import { after } from './measures.ts';
import { amountOf } from './size.ts';
import type { SizeInput } from './size.ts';

/** Size, money and every measure of 5.1 before and after the trade. */
export function figuresOf(input: SizeInput, { size, measures }: Pick<Assessment, 'size' | 'measures'>): SignalFigures {
  const { instrument, snapshot, candidate } = input;
  return {
    steps: size.steps,
    unit: instrument.unit,
    leverage: instrument.leverage,
    marginMicros: size.marginMicros,
    notionalMicros: size.notionalMicros,
    riskMicros: size.riskMicros,
    riskRatio: size.riskMicros / snapshot.equityMicros,
    wantedMicros: size.wantedMicros,
    equityMicros: snapshot.equityMicros,
    sizingPrice: size.sizingPrice,
    rPlan: candidate.plan.rPlan,
    reward: candidate.plan.reward,
    volumeSource: instrument.volumeReal ? 'ACTUAL' : 'TICK',
    measures: measures.map((measure) => ({
      code: measure.code,
      of: measure.of,
      beforeMicros: measure.beforeMicros,
      afterMicros: after(measure, amountOf(size, measure.adds)),
      limitMicros: measure.limitMicros,
    })),
  };
}

/** The same of an assessment, refused or not; null: it was refused before the limits were asked. */
export function knownFigures(input: SizeInput, assessed: Assessment | Refused): SignalFigures | null {
  const found = assessed.refusal === null ? assessed : assessed.found;
  return found === undefined ? null : figuresOf(input, found);
}
