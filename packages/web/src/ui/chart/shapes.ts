/** What a chart layer is made of: plain shapes in pixels, so that every layer is tested without a canvas (web.md 5). */
import type { Colours } from '../../theme/colours.ts';

/** A token of the theme, with an opacity of 0..1 (default 1). */
export interface Ink {
  readonly token: keyof Colours;
  readonly opacity?: number;
}

export type LineStyle = 'solid' | 'dashed' | 'dotted';

export type Shape =
  | {
      readonly kind: 'band';
      readonly x1: number;
      readonly x2: number;
      readonly y1: number;
      readonly y2: number;
      readonly ink: Ink;
    }
  | {
      readonly kind: 'line';
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
      readonly style: LineStyle;
      readonly width: number;
      readonly ink: Ink;
    }
  | {
      readonly kind: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly align: 'left' | 'center' | 'right';
      readonly bold?: boolean;
      readonly ink: Ink;
    }
  | {
      readonly kind: 'label';
      /** Centre of the label. */
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly text: string;
      readonly border: LineStyle;
      readonly struck: boolean;
      readonly ink: Ink;
    }
  | { readonly kind: 'arrow'; readonly x: number; readonly y: number; readonly points: 'up' | 'down'; readonly ink: Ink }
  | {
      readonly kind: 'outline';
      readonly x1: number;
      readonly x2: number;
      readonly y1: number;
      readonly y2: number;
      readonly ink: Ink;
    };

/** A name docked at the price axis. */
export interface AxisLabel {
  readonly y: number;
  readonly text: string;
  readonly strong: boolean;
}

/** Height of a label box in pixels. */
export const LABEL_HEIGHT = 14;

/** Room a text of the 11 px face needs, generous enough that two labels never touch. */
export function textWidth(text: string): number {
  return Math.ceil(text.length * 6.4);
}

/** A rectangle on the pane in pixels. */
export interface Box {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
}

/** Whether two rectangles share more than an edge. */
export function overlap(a: Box, b: Box): boolean {
  return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

/** Where the label boxes among some shapes stand. */
export function labelBoxes(shapes: readonly Shape[]): readonly Box[] {
  return shapes.flatMap((shape): Box[] => {
    if (shape.kind !== 'label') return [];
    const { x, y, width } = shape;
    return [{ x1: x - width / 2, x2: x + width / 2, y1: y - LABEL_HEIGHT / 2, y2: y + LABEL_HEIGHT / 2 }];
  });
}

/** The top of the pane belongs to the letters of the phases; nothing else is written there. */
export const LETTER_ROW = 22;
