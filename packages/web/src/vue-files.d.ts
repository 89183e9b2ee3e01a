/** Lets plain TypeScript see single-file components; vue-tsc knows each one exactly. */
declare module '*.vue' {
  import type { Component } from 'vue';
  const component: Component;
  export default component;
}
