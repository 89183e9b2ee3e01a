/** Paths of the line icons, drawn on a 16 px grid. */
export const ICONS = {
  play: ['M5 3.5v9l7-4.5z'],
  pause: ['M5.5 3.5v9', 'M10.5 3.5v9'],
  step: ['M4 3.5v9l6-4.5z', 'M12 3.5v9'],
  layers: ['M8 2.5 14 6 8 9.5 2 6z', 'M2 10l6 3.5L14 10'],
  end: ['M3.5 4 7.5 8l-4 4', 'M12 3.5v9'],
  help: ['M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z', 'M6.2 6.4a1.9 1.9 0 1 1 2.7 1.9c-.6.3-.9.7-.9 1.3', 'M8 11.4v.1'],
  keys: ['M2 4.5h12v7H2z', 'M4.5 7h.1', 'M7 7h.1', 'M9.5 7h.1', 'M11.8 7h.1', 'M5.5 9.5h5'],
  memory: ['M4 4h8v8H4z', 'M6 2v2', 'M10 2v2', 'M6 12v2', 'M10 12v2', 'M2 6h2', 'M2 10h2', 'M12 6h2', 'M12 10h2'],
  close: ['M4 4l8 8', 'M12 4l-8 8'],
  theme: ['M8 13.5a5.5 5.5 0 1 0 0-11z', 'M8 2.5a5.5 5.5 0 0 0 0 11'],
  bell: ['M3.5 11.5h9c-1-1-1.5-2-1.5-4.5a3 3 0 0 0-6 0c0 2.5-.5 3.5-1.5 4.5z', 'M6.8 13.5h2.4'],
  halt: ['M5.5 2.5h5l3 3v5l-3 3h-5l-3-3v-5z', 'M5.5 8h5'],
  table: ['M2.5 3.5h11v9h-11z', 'M2.5 6.5h11', 'M2.5 9.5h11', 'M6.5 3.5v9'],
} as const satisfies Record<string, readonly string[]>;
export type IconName = keyof typeof ICONS;
