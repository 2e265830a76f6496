/** How long a sampling client waits: while any of its samples is done now and then, for ever. */

import { StalledError } from './errors.js';

/** Seconds on the wall clock. */
const STALLED_AFTER_SECONDS = 2 * 3600;

/** The patience of one client, shared by all its requests in flight. */
export class Patience {
  #clock;
  #running = 0;
  #progressAt = 0;

  /** @param {import('./clock.js').Clock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /**
   * Runs something that may wait long.
   *
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async during(work) {
    if (this.#running === 0) this.#progressAt = this.#clock.wallSeconds();
    this.#running += 1;
    try {
      const result = await work();
      this.#progressAt = this.#clock.wallSeconds();
      return result;
    } finally {
      this.#running -= 1;
    }
  }

  /** Seconds that are left. */
  left() {
    return this.#progressAt + STALLED_AFTER_SECONDS - this.#clock.wallSeconds();
  }

  /** Throws a `StalledError` if none are left. */
  check() {
    if (this.left() > 0) return;
    throw new StalledError(
      `no sample was done in ${STALLED_AFTER_SECONDS} s; see whether the server is well`,
    );
  }
}

/** For what never gives up. */
export const ENDLESS = Object.freeze({ left: () => Infinity, check: () => {} });
