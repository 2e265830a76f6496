/** A request in flight. */

import { WaitTimeoutError } from './errors.js';

/**
 * The result of a request that was submitted: `await future` waits for it, `future.result({ timeout })` for
 * a limited time. The request goes on whether somebody waits or not; one that fails while nobody waits is no
 * unhandled rejection.
 *
 * @template T
 * @implements {PromiseLike<T>}
 */
export class TinkerFuture {
  #promise;
  #clock;

  /**
   * @param {Promise<T>} promise
   * @param {import('./clock.js').Clock} clock
   */
  constructor(promise, clock) {
    this.#promise = promise;
    this.#clock = clock;
    promise.catch(() => {});
  }

  /**
   * @param {{ timeout?: number }} [options] Seconds to wait; without it, as long as it takes.
   * @returns {Promise<T>}
   * @throws {WaitTimeoutError} Nothing is lost: the future can be waited for again.
   */
  async result({ timeout } = {}) {
    if (timeout === undefined) return this.#promise;
    const inTime = new AbortController();
    const limit = this.#clock.sleep(timeout, { signal: inTime.signal, deadline: true }).then(() => {
      throw new WaitTimeoutError(`no result within ${timeout} s; wait longer`);
    });
    try {
      return await Promise.race([this.#promise, limit]);
    } finally {
      inTime.abort();
    }
  }

  then(onFulfilled, onRejected) {
    return this.#promise.then(onFulfilled, onRejected);
  }
}
