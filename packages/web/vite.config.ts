/** Builds the desk into dist/web: hashed assets, no source maps, nothing inline, so that the CSP of interface.md 6.4 holds. */
import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig, type Plugin } from 'vite';

/** The one font file is asked for before the style sheet is read: charts are created after the font is ready. */
function preloadFont(): Plugin {
  return {
    name: 'wyckoff-preload-font',
    transformIndexHtml: {
      order: 'post',
      handler(_html, context) {
        const font = Object.keys(context.bundle ?? {}).find((file) => file.endsWith('.woff2'));
        if (font === undefined) return [];
        return [
          {
            tag: 'link',
            attrs: { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: true, href: `/${font}` },
            injectTo: 'head',
          },
        ];
      },
    },
  };
}

// The one default export of the package: the build tool asks for it.
export default defineConfig({
  html: { cspNonce: '__CSP_NONCE__' },
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [vue(), preloadFont()],
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  build: {
    outDir: fileURLToPath(new URL('../../dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    // The budget of web.md 11 is gzipped and tested (e2e/desk/budget.test.ts); the raw size says nothing.
    chunkSizeWarningLimit: 700,
    // Nobody reads a console in production (L4): faults are shown at the border of the view.
    rolldownOptions: { output: { minify: { compress: { dropConsole: true }, mangle: true, codegen: true } } },
  },
});
