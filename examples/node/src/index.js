/** A small client for the Tinker fine-tuning API. */

export { systemClock } from './clock.js';
export * from './errors.js';
export { TinkerFuture } from './future.js';
export { ModelCreation } from './model-creation.js';
export { PauseLogger, logStateChange, shouldLog } from './pause-logger.js';
export { pauseMessage, reasonForState } from './pause-messages.js';
export { QueueState, parseQueueState } from './queue-state.js';
export { SamplingClient } from './sampling-client.js';
export { ServiceClient } from './service-client.js';
export { TrainingClient } from './training-client.js';
