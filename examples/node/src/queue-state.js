/** The state of the queue that a request waits in. */

/**
 * @typedef {'active' | 'paused_rate_limit' | 'paused_capacity' | 'unknown'} QueueStateValue
 *
 * @typedef {object} QueueStateObserver
 * @property {(state: QueueStateValue, reason: unknown) => void} onQueueStateChange Takes a state that the
 *   server reported, and the reason that it gave, if any.
 */

/** @type {Readonly<Record<string, QueueStateValue>>} The states; the values are the words of the API. */
export const QueueState = Object.freeze({
  ACTIVE: 'active',
  PAUSED_RATE_LIMIT: 'paused_rate_limit',
  PAUSED_CAPACITY: 'paused_capacity',
  UNKNOWN: 'unknown',
});

const KNOWN = new Set(Object.values(QueueState));

/**
 * Reads a state from any JSON value. Spelling and case count.
 *
 * @param {unknown} value
 * @returns {QueueStateValue} `unknown` for everything that is none of the words.
 */
export function parseQueueState(value) {
  return KNOWN.has(value) ? value : QueueState.UNKNOWN;
}
