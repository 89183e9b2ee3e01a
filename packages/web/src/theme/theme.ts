/** Theme and palette of this browser, kept under the one storage key `wyckoff.ui` (web.md 3, L5: at most 32 KiB). */
import { shallowRef, type ShallowRef } from 'vue';

export const THEMES = ['dark', 'light', 'system'] as const;
export type Theme = (typeof THEMES)[number];
export const PALETTES = ['blue-orange', 'teal-red', 'red-up'] as const;
export type Palette = (typeof PALETTES)[number];

/** What the browser remembers of the desk's appearance. */
export interface Appearance {
  readonly theme: Theme;
  readonly palette: Palette;
  /** Height of the drawer in pixels. */
  readonly drawer: number;
  /** Chart layers that are switched off. */
  readonly hiddenLayers: readonly string[];
}

const KEY = 'wyckoff.ui';
const MAX_BYTES = 32 * 1024;
const DEFAULTS: Appearance = { theme: 'dark', palette: 'blue-orange', drawer: 216, hiddenLayers: [] };

/** The part of `Storage` that is used here. */
export interface KeyValueStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Reads what was stored; anything unreadable or too large counts as nothing. */
export function readAppearance(store: KeyValueStore): Appearance {
  try {
    const text = store.getItem(KEY);
    if (text === null || text.length > MAX_BYTES) return DEFAULTS;
    const found = JSON.parse(text) as Partial<Appearance> | null;
    return {
      theme: THEMES.find((theme) => theme === found?.theme) ?? DEFAULTS.theme,
      palette: PALETTES.find((palette) => palette === found?.palette) ?? DEFAULTS.palette,
      drawer: Number.isFinite(found?.drawer) ? Number(found?.drawer) : DEFAULTS.drawer,
      hiddenLayers: Array.isArray(found?.hiddenLayers)
        ? found.hiddenLayers.filter((layer) => typeof layer === 'string').slice(0, 20)
        : [],
    };
  } catch {
    return DEFAULTS;
  }
}

/** The appearance as a ref, and its one writer. */
export interface AppearanceStore {
  readonly current: Readonly<ShallowRef<Appearance>>;
  /** The theme in effect: `system` resolved. */
  readonly effective: Readonly<ShallowRef<'dark' | 'light'>>;
  change(part: Partial<Appearance>): void;
}

/** Applies the stored appearance to the document and keeps both in step. */
export function openAppearance(root: HTMLElement, store: KeyValueStore, prefersLight: () => boolean): AppearanceStore {
  const current = shallowRef(readAppearance(store));
  const effective = shallowRef<'dark' | 'light'>('dark');
  const apply = (): void => {
    const { theme, palette } = current.value;
    effective.value = theme === 'system' ? (prefersLight() ? 'light' : 'dark') : theme;
    root.dataset.theme = effective.value;
    root.dataset.palette = palette;
  };
  apply();
  return {
    current,
    effective,
    change(part) {
      current.value = { ...current.value, ...part };
      apply();
      try {
        store.setItem(KEY, JSON.stringify(current.value));
      } catch {
        // Storage may be full or forbidden: the choice then lasts as long as the page.
      }
    },
  };
}
