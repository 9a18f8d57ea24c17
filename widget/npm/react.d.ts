/* import type {} from 'huiqi-match/react': <huiqi-match> in JSX. Types of React from 18.2.8 on; a file of its own,
   because it needs them. Events as properties need React 19; with 18, addEventListener on a ref. */
import type { HTMLAttributes, RefAttributes } from 'react';
import type { HuiqiAttributes, HuiqiEventMap } from './index.js';

type Handlers = { [Name in keyof HuiqiEventMap as `on${Name}`]?: (event: HuiqiEventMap[Name]) => void };

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'huiqi-match': HTMLAttributes<HTMLElement> & RefAttributes<HTMLElement> & HuiqiAttributes & Handlers;
    }
  }
}
