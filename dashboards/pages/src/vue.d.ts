/** For tools that see only TypeScript (ESLint's types); `vue-tsc` reads the components themselves. */
declare module '*.vue' {
  import type { DefineComponent } from 'vue'
  const component: DefineComponent
  export default component
}
