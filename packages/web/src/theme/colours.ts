/** The tokens a canvas needs, read from the style sheet so that there is one source of colour. */

/** Colours by token name. */
export interface Colours {
  readonly bg: string;
  readonly panel: string;
  readonly raised: string;
  readonly line: string;
  readonly edge: string;
  readonly text: string;
  readonly muted: string;
  readonly faint: string;
  readonly up: string;
  readonly down: string;
}

/** Reads the tokens in effect on this element. */
export function readColours(element: Element): Colours {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    bg: token('bg'),
    panel: token('panel'),
    raised: token('raised'),
    line: token('line'),
    edge: token('edge'),
    text: token('text'),
    muted: token('muted'),
    faint: token('faint'),
    up: token('up'),
    down: token('down'),
  };
}

/** `#rrggbb` with an opacity of 0..1 as a CSS colour. */
export function withOpacity(hex: string, opacity: number): string {
  const value = Number.parseInt(hex.slice(1), 16);
  return `rgba(${String((value >> 16) & 255)}, ${String((value >> 8) & 255)}, ${String(value & 255)}, ${String(opacity)})`;
}
