/** The features of one bar: one preallocated object, rewritten bar by bar; NaN stands for "not defined yet". */

export class Features {
  /** Index of the accepted bar, from 0; -1 before the first. */
  bar = -1;
  time = NaN;
  open = NaN;
  high = NaN;
  low = NaN;
  close = NaN;
  volume = NaN;
  prevClose = NaN;
  prevHigh = NaN;
  prevLow = NaN;
  /** VR: volume / baseline mean. */
  volRatio = NaN;
  /** VR, or on the first and last bar of a session the smaller of VR and the session ratio: for every minimum rule. */
  volFloor = NaN;
  sessionVolRatio = NaN;
  /** SR: spread / baseline mean. */
  spreadRatio = NaN;
  /** CP: 0..1, 0.5 for a flat bar. */
  closePos = NaN;
  trueRange = NaN;
  /** ES: max(SR, TR / A). */
  effSpread = NaN;
  /** A: ATR14 after the bar before. */
  atr = NaN;
  /** (open - prevClose) / A. */
  gap = NaN;
  lowerWick = NaN;
  upperWick = NaN;
  openingBar = false;
  closingBar = false;
  /** Index into FOREX_SESSION_NAMES, -1 for none. */
  session = -1;
  /** Volume is silent or declared meaningless: every volume condition counts as met. */
  noVolume = false;
  /** Forex print of 5 x the usual volume or more. */
  anomaly = false;
  /** Volume conditions can be judged on this bar. */
  judged = false;
}
