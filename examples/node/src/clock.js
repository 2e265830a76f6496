/** The clock that everything in the SDK reads and sleeps by; a caller can bring another. */

import { setTimeout as delay } from 'node:timers/promises';

/**
 * @typedef {object} Clock
 * @property {() => number} wallSeconds Seconds since 1970.
 * @property {() => number} monotonicSeconds Seconds since some moment; never goes back.
 * @property {(seconds: number, options?: SleepOptions) => Promise<void>} sleep Resolves after that time;
 *   rejects when the signal is aborted.
 *
 * @typedef {object} SleepOptions
 * @property {AbortSignal} [signal] Ends the sleep early.
 * @property {boolean} [deadline] True where the sleep only limits something else that goes on meanwhile.
 */

/** The longest delay that a timer takes; it fires at once for a longer one. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @type {Readonly<Clock>} The machine's clocks and timers. */
export const systemClock = Object.freeze({
  wallSeconds: () => Date.now() / 1000,
  monotonicSeconds: () => Number(process.hrtime.bigint()) / 1e9,
  async sleep(seconds, { signal } = {}) {
    let left = seconds * 1000;
    do {
      const step = Math.min(left, LONGEST_TIMER_MS);
      await delay(step, undefined, { signal });
      left -= step;
    } while (left > 0);
  },
});
