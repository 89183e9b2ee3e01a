/** Composition of the desk: scope, theme, router, stores, root component. */
import './link/jitless.ts';
import { Scope } from '@wyckoff/bounded';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import './theme/tokens.css';
import './theme/base.css';
import { openAppearance } from './theme/theme.ts';
import Root from './root.vue';

const scope = new Scope({ name: 'web' });
const light = window.matchMedia('(prefers-color-scheme: light)');
const appearance = openAppearance(document.documentElement, window.localStorage, () => light.matches);
scope.listen(light, 'change', () => appearance.change({}));

// The shell draws the page itself; the router keeps the address and its query.
const Nothing = { render: () => null };
const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'desk', component: Nothing },
    { path: '/:rest(.*)*', name: 'missing', component: Nothing },
  ],
});

const app = createApp(Root, { scope, appearance });
app.use(createPinia());
app.use(router);
void router.isReady().then(() => app.mount('#app'));
// A page kept for the back button comes back with its scope closed: it is loaded again then.
scope.listen(window, 'pagehide', () => void scope.dispose());
const page = new Scope({ name: 'page' });
page.listen(window, 'pageshow', (event: PageTransitionEvent) => {
  if (event.persisted) location.reload();
});
