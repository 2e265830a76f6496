/** The adapter of the Node SDK as if it had no seam for its clock: it reads `Date` and sleeps by timers. */

import { serve } from './adapter/protocol.mjs';

await serve({ clocks: ['libfaketime', 'wall'] });
