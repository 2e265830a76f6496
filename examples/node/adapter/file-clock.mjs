/** The SDK's clock, read from a file that the kit replaces: `SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS`. */

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** How often a sleeper looks at the file, in real milliseconds. */
const LOOK_EVERY_MS = 1;

/**
 * @typedef {object} Sleeper What sleeps: a future of the scenario.
 * @property {Set<number>} deadlines Its time limits, which pass while other things of it go on.
 *
 * @implements {import('../src/clock.js').Clock}
 */
export class FileClock {
  #path;
  #sleeper;
  #onWaiting;

  /**
   * @param {string} path
   * @param {() => Sleeper} sleeper Says who calls.
   * @param {(until: number) => void} onWaiting Is told, in monotonic nanoseconds, that the sleeper waits.
   */
  constructor(path, sleeper, onWaiting) {
    this.#path = path;
    this.#sleeper = sleeper;
    this.#onWaiting = onWaiting;
  }

  get seq() {
    return Number(this.#read()[0]);
  }

  wallSeconds() {
    // A double does not hold that many nanoseconds: whole seconds and the rest apart.
    const nanoseconds = BigInt(this.#read()[1]);
    return Number(nanoseconds / 1_000_000_000n) + Number(nanoseconds % 1_000_000_000n) / 1e9;
  }

  monotonicSeconds() {
    return this.#monotonic() / 1e9;
  }

  async sleep(seconds, { signal, deadline = false } = {}) {
    const { deadlines } = this.#sleeper();
    const until = this.#monotonic() + Math.round(seconds * 1e9);
    if (deadline) deadlines.add(until);
    let announced = -Infinity;
    try {
      for (let now = this.#monotonic(); now < until; now = this.#monotonic()) {
        const next = Math.min(until, ...deadlines);
        // A deadline that has come may end everything: nothing is waited for until it has had its say.
        if (!deadline && announced <= now && next > now) {
          announced = next;
          this.#onWaiting(next);
        }
        await delay(LOOK_EVERY_MS, undefined, { signal });
      }
    } finally {
      if (deadline) deadlines.delete(until);
    }
  }

  #monotonic() {
    return Number(this.#read()[2]);
  }

  #read() {
    return readFileSync(this.#path, 'utf8').trim().split(' ');
  }
}
