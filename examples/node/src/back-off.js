/** Delays that grow. */

const BASE_SECONDS = 1;
const CAP_SECONDS = 30;

/** After broken connections and HTTP 429: 1, 2, 4 … 30 seconds. */
export class BackOff {
  #failures = 0;

  /** The next delay, in seconds. */
  next() {
    return Math.min(BASE_SECONDS * 2 ** this.#failures++, CAP_SECONDS);
  }

  reset() {
    this.#failures = 0;
  }
}

const RESUBMIT_BASE_SECONDS = 0.5;
const RESUBMIT_CAP_SECONDS = 10;
const JITTER = 0.25;

/**
 * The delay before a lost request is submitted again: it grows too, and is spread, so that clients that lost
 * their futures together do not come back together.
 *
 * @param {number} attempt From 0.
 * @param {() => number} [random] A number from 0 to 1.
 * @returns {number} Seconds.
 */
export function resubmitDelay(attempt, random = Math.random) {
  const delay = Math.min(RESUBMIT_BASE_SECONDS * 2 ** attempt, RESUBMIT_CAP_SECONDS);
  return Math.min(delay * (1 + JITTER * (2 * random() - 1)), RESUBMIT_CAP_SECONDS);
}
