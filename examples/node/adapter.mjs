/** The adapter of the Node SDK: the kit moves the SDK's clock by a file. */

import { serve } from './adapter/protocol.mjs';

await serve({ clocks: ['file', 'libfaketime', 'wall'], capabilities: ['virtual_sleep'] });
