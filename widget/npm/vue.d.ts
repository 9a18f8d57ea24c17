/* import type {} from 'huiqi-match/vue': <huiqi-match> in templates, for vue-tsc and editors. A file of its own,
   because it needs Vue's types. */
import type { HTMLAttributes } from 'vue';
import type { HuiqiAttributes, HuiqiError, HuiqiReady, HuiqiResults } from './index.js';

interface Emit {
  (name: 'huiqi-ready', event: CustomEvent<HuiqiReady>): void;
  (name: 'huiqi-results', event: CustomEvent<HuiqiResults>): void;
  (name: 'huiqi-error', event: CustomEvent<HuiqiError>): void;
}

declare module 'vue' {
  interface GlobalComponents {
    'huiqi-match': new () => HTMLElement & { $props: HTMLAttributes & HuiqiAttributes; $emit: Emit };
  }
}
