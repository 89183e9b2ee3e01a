/** The real detector, with the timeframes above it, as the certificates ask for it. */
import {
  createDetectorInContext,
  restoreDetectorInContext,
  type DetectorOptions,
  type Instrument,
  type SubjectFactory,
  type SubjectOptions,
  type Timeframe,
} from '@wyckoff/domain';

export function detectorFactory(instrument: Instrument, timeframe: Timeframe, options: DetectorOptions): SubjectFactory {
  const withTest = (test: SubjectOptions = {}): DetectorOptions => ({
    ...options,
    ...(test.emitCandidates === true ? { emitCandidates: true } : {}),
    ...(test.mirrorBase === undefined ? {} : { params: { ...options.params, symmetric: true, percentBase: test.mirrorBase } }),
  });
  return {
    create: (test) => createDetectorInContext(instrument, timeframe, withTest(test)),
    restore: (bytes, test) => restoreDetectorInContext(bytes, instrument, timeframe, withTest(test)),
  };
}
