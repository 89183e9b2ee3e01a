/** Puts shapes on a canvas: the only file that draws by hand. */
import { withOpacity, type Colours } from '../../theme/colours.ts';
import { LABEL_HEIGHT, type Ink, type LineStyle, type Shape } from './shapes.ts';

const FONT = `"Inter Variable", system-ui, sans-serif`;
const DASHES: Readonly<Record<LineStyle, readonly number[]>> = { solid: [], dashed: [5, 4], dotted: [1.5, 3] };
const ARROW = 5;

function colour(colours: Colours, { token, opacity }: Ink): string {
  return opacity === undefined ? colours[token] : withOpacity(colours[token], opacity);
}

/** Half a pixel off, so that a one-pixel line is one pixel. */
const crisp = (value: number): number => Math.round(value) + 0.5;

/** Draws in order; the context is in CSS pixels. */
export function paint(context: CanvasRenderingContext2D, shapes: readonly Shape[], colours: Colours): void {
  for (const shape of shapes) {
    context.save();
    draw(context, shape, colours);
    context.restore();
  }
}

function draw(context: CanvasRenderingContext2D, shape: Shape, colours: Colours): void {
  const ink = colour(colours, shape.ink);
  context.strokeStyle = ink;
  context.fillStyle = ink;
  switch (shape.kind) {
    case 'band':
      context.fillRect(shape.x1, shape.y1, shape.x2 - shape.x1, shape.y2 - shape.y1);
      return;
    case 'outline':
      context.strokeRect(crisp(shape.x1), crisp(shape.y1), Math.round(shape.x2 - shape.x1), Math.round(shape.y2 - shape.y1));
      return;
    case 'line': {
      const level = shape.y1 === shape.y2;
      context.lineWidth = shape.width;
      context.setLineDash([...DASHES[shape.style]]);
      context.beginPath();
      context.moveTo(shape.x1, level ? crisp(shape.y1) : shape.y1);
      context.lineTo(shape.x2, level ? crisp(shape.y2) : shape.y2);
      context.stroke();
      return;
    }
    case 'text':
      context.font = `${shape.bold === true ? 600 : 400} 11px ${FONT}`;
      context.textAlign = shape.align;
      context.textBaseline = 'middle';
      // A rim in the colour of the ground keeps the words readable above candles.
      context.lineWidth = 3;
      context.lineJoin = 'round';
      context.strokeStyle = withOpacity(colours.bg, 0.85);
      context.strokeText(shape.text, shape.x, shape.y);
      context.fillText(shape.text, shape.x, shape.y);
      return;
    case 'label':
      label(context, shape, colours);
      return;
    case 'arrow':
      arrow(context, shape, colours);
      return;
  }
}

function label(context: CanvasRenderingContext2D, shape: Extract<Shape, { kind: 'label' }>, colours: Colours): void {
  const ink = colour(colours, shape.ink);
  const left = crisp(shape.x - shape.width / 2);
  const top = crisp(shape.y - LABEL_HEIGHT / 2);
  context.fillStyle = withOpacity(colours.bg, 0.92);
  context.fillRect(left, top, Math.round(shape.width), LABEL_HEIGHT);
  context.strokeStyle = withOpacity(colours.edge, shape.border === 'solid' ? 0.9 : 1);
  context.setLineDash([...DASHES[shape.border]].map((dash) => dash / 2));
  context.strokeRect(left, top, Math.round(shape.width), LABEL_HEIGHT);
  context.setLineDash([]);
  context.font = `500 10px ${FONT}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = ink;
  context.fillText(shape.text, shape.x, top + LABEL_HEIGHT / 2 + 0.5);
  if (!shape.struck) return;
  context.strokeStyle = ink;
  context.beginPath();
  context.moveTo(left + 2, top + LABEL_HEIGHT / 2);
  context.lineTo(left + shape.width - 2, top + LABEL_HEIGHT / 2);
  context.stroke();
}

function arrow(context: CanvasRenderingContext2D, shape: Extract<Shape, { kind: 'arrow' }>, colours: Colours): void {
  const tip = shape.points === 'up' ? -ARROW : ARROW;
  context.beginPath();
  context.moveTo(shape.x, shape.y + tip * 0.2);
  context.lineTo(shape.x - ARROW, shape.y - tip * 1.4);
  context.lineTo(shape.x + ARROW, shape.y - tip * 1.4);
  context.closePath();
  context.lineWidth = 2;
  context.strokeStyle = colours.bg;
  context.stroke();
  context.fill();
}
