/** The colour promises of web.md 2.1, measured on the style sheet that ships. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contrast, difference, VISIONS } from './contrast.ts';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

function tokens(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf('}', start));
  return Object.fromEntries([...block.matchAll(/--([a-z]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));
}

const themes = { dark: tokens(':root'), light: tokens(`[data-theme='light']`) };

describe('web 2.1 colour', () => {
  for (const [theme, token] of Object.entries(themes)) {
    it(`text, muted and faint read on every surface of the ${theme} theme`, () => {
      for (const surface of ['bg', 'panel', 'raised']) {
        for (const ink of ['text', 'muted', 'faint', 'up', 'down'])
          expect(contrast(token[ink], token[surface])).toBeGreaterThanOrEqual(4.5);
        expect(contrast(token.edge, token[surface])).toBeGreaterThanOrEqual(3);
      }
    });

    it(`up and down stay 40 apart for every eye in the ${theme} theme`, () => {
      for (const vision of VISIONS) expect(difference(token.up, token.down, vision)).toBeGreaterThanOrEqual(40);
    });
  }

  it('twin: a red and green pair fails the same measure', () => {
    expect(difference('#2bb34a', '#c2a63a', 'deutan')).toBeLessThan(40);
  });

  it('CIEDE2000 agrees with the published table of the default pair', () => {
    expect(difference(themes.dark.up, themes.dark.down)).toBeCloseTo(50.0, 0);
    expect(difference(themes.light.up, themes.light.down)).toBeCloseTo(47.5, 0);
  });
});
