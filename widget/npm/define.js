/* import 'huiqi-match/define.js': for pages with nothing to say about where files are. */
import { define } from './index.js';

/* Nobody waits for it, so the reason would be lost. */
define().catch((error) => { console.error(error.message); });
