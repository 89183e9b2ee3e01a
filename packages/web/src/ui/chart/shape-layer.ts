/** One series primitive for every overlay: asks a pure function for shapes and paints them. */
import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  ISeriesPrimitiveAxisView,
  Logical,
  PrimitivePaneViewZOrder,
  SeriesAttachedParameter,
} from 'lightweight-charts';
import type { Colours } from '../../theme/colours.ts';
import { paint } from './paint.ts';
import type { AxisLabel, Shape } from './shapes.ts';
import type { PaneView } from './view.ts';

type DrawTarget = Parameters<IPrimitivePaneRenderer['draw']>[0];

export interface ShapeLayerOptions {
  readonly zOrder: PrimitivePaneViewZOrder;
  /** The shapes of this layer for the screen as it is; called once per paint. */
  readonly shapes: (view: PaneView) => readonly Shape[];
  readonly axisLabels?: ((view: PaneView) => readonly AxisLabel[]) | undefined;
  readonly colours: () => Colours;
  /** Index of the library's logical 0 among the loaded bars is always 0: setData starts there. */
  readonly visible: () => boolean;
}

/** A layer of the chart; attach it once, ask for a repaint when its data changed. */
export class ShapeLayer implements ISeriesPrimitive {
  readonly #options: ShapeLayerOptions;
  #attached: SeriesAttachedParameter | undefined;
  readonly #paneViews: readonly IPrimitivePaneView[];
  #axisViews: readonly ISeriesPrimitiveAxisView[] = [];

  constructor(options: ShapeLayerOptions) {
    this.#options = options;
    this.#paneViews = [{ zOrder: () => options.zOrder, renderer: () => this.#renderer }];
  }

  attached(parameter: SeriesAttachedParameter): void {
    this.#attached = parameter;
  }

  detached(): void {
    this.#attached = undefined;
    this.#axisViews = [];
  }

  updateAllViews(): void {
    const view = this.#options.visible() ? this.#view() : null;
    this.#axisViews = view === null ? [] : (this.#options.axisLabels?.(view) ?? []).map((label) => this.#axisView(label));
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.#paneViews;
  }

  priceAxisViews(): readonly ISeriesPrimitiveAxisView[] {
    return this.#axisViews;
  }

  /** Repaints soon; several calls are one paint. */
  refresh(): void {
    this.#attached?.requestUpdate();
  }

  readonly #renderer: IPrimitivePaneRenderer = {
    draw: (target: DrawTarget) => {
      const view = this.#options.visible() ? this.#view() : null;
      if (view === null) return;
      target.useMediaCoordinateSpace(({ context }) => {
        paint(context, this.#options.shapes(view), this.#options.colours());
      });
    },
  };

  #axisView(label: AxisLabel): ISeriesPrimitiveAxisView {
    const colours = this.#options.colours();
    return {
      coordinate: () => label.y,
      text: () => label.text,
      textColor: () => (label.strong ? colours.bg : colours.text),
      backColor: () => (label.strong ? colours.text : colours.raised),
    };
  }

  #view(): PaneView | null {
    const at = this.#attached;
    if (at === undefined) return null;
    const scale = at.chart.timeScale();
    const visible = scale.getVisibleLogicalRange();
    if (visible === null) return null;
    const barSpacing = scale.options().barSpacing;
    const origin = scale.logicalToCoordinate(0 as Logical);
    if (origin === null) return null;
    return {
      width: scale.width(),
      height: at.series.getPane().getHeight(),
      from: Math.floor(visible.from),
      to: Math.ceil(visible.to),
      barSpacing,
      x: (index) => origin + index * barSpacing,
      y: (price) => at.series.priceToCoordinate(price),
    };
  }
}
