/** What a person is told of a pause. */

import { QueueState } from './queue-state.js';

/** @typedef {'sampling' | 'training' | 'model_creation'} ClientKind */

const CAPACITY = 'Tinker backend is running short on capacity, please wait';
const TOO_MANY_SAMPLERS = 'concurrent sampler weights limit hit';
const TOO_MANY_TRAINERS = 'concurrent training clients rate limit hit';

const FORMS = Object.freeze({
  sampling: {
    rateLimit: TOO_MANY_SAMPLERS,
    message: (id, reason) => `Sampling is paused for sampler ${id}. Reason: ${reason}`,
  },
  training: {
    rateLimit: TOO_MANY_TRAINERS,
    message: (id, reason) => `Training for ${id} is paused. Reason: ${reason}.`,
  },
  model_creation: {
    rateLimit: TOO_MANY_TRAINERS,
    message: (id, reason) => `Model creation for ${id} is paused. Reason: ${reason}.`,
  },
});

/**
 * The reason for a pause where the server gives none.
 *
 * @param {string} state
 * @param {ClientKind} kind
 * @returns {string}
 */
export function reasonForState(state, kind) {
  const { rateLimit } = formsOf(kind);
  switch (state) {
    case QueueState.PAUSED_RATE_LIMIT:
      return rateLimit;
    case QueueState.PAUSED_CAPACITY:
      return CAPACITY;
    default:
      return 'unknown';
  }
}

/**
 * The line about a pause.
 *
 * @param {string} state
 * @param {ClientKind} kind
 * @param {string} identifier The sampling session's, the model's or the base model's.
 * @param {unknown} [serverReason] Goes before the SDK's own reason, unless it is empty.
 * @returns {string}
 */
export function pauseMessage(state, kind, identifier, serverReason) {
  return formsOf(kind).message(identifier, textOf(serverReason) || reasonForState(state, kind));
}

function formsOf(kind) {
  if (!Object.hasOwn(FORMS, kind)) {
    throw new TypeError(`no client is a ${kind}; give one of ${Object.keys(FORMS).join(', ')}`);
  }
  return FORMS[kind];
}

function textOf(reason) {
  if (!reason || typeof reason === 'string') return reason;
  return JSON.stringify(reason);
}
