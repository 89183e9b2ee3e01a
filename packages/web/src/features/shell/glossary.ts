/** Words of the method as they appear on the desk, one sentence each. */
export const GLOSSARY: readonly { readonly word: string; readonly sentence: string }[] = [
  {
    word: 'PS, PSY',
    sentence: 'Preliminary support or supply: the first heavy trading against the old trend, before its climax.',
  },
  {
    word: 'SC, BC',
    sentence:
      'Selling or buying climax: a wide bar on heavy volume at the end of a move, where large hands begin to take the other side.',
  },
  { word: 'AR', sentence: 'Automatic rally, or reaction: the first answer to the climax; it sets the other edge of the range.' },
  { word: 'ST', sentence: 'Secondary test: a return to the climax on less volume, which shows that the pressure is gone.' },
  { word: 'Spring', sentence: 'A break under support that is taken back at once: the last sellers are removed.' },
  {
    word: 'Shakeout',
    sentence: 'A deep break under support on heavy volume that is taken back: it needs a quiet test before it is traded.',
  },
  { word: 'UT', sentence: 'Upthrust: a push over resistance during phase B that falls back into the range.' },
  { word: 'UTAD', sentence: 'An upthrust over resistance that fails at once: the last buyers are drawn in.' },
  { word: 'Test', sentence: 'A quiet return to the spring or upthrust that holds.' },
  { word: 'SOS, SOW', sentence: 'Sign of strength or weakness: a strong close through the far edge on good volume.' },
  { word: 'LPS, LPSY', sentence: 'Last point of support or supply: a pullback that holds beyond the broken edge.' },
  {
    word: 'Creek, ice',
    sentence: 'The resistance over an accumulation and the support under a distribution: crossing it shows who won.',
  },
  {
    word: 'Phases',
    sentence: 'A stops the old trend, B builds the cause, C is the last test, D shows the winner inside the range, E leaves it.',
  },
  { word: 'R', sentence: 'A result in units of what was risked at the start.' },
  { word: 'Heat', sentence: 'What all open positions would lose together at their stops, as a share of equity.' },
];
