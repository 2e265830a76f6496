/** The observer that each client has of its own: it logs pauses, now and then. */

import { systemClock } from './clock.js';
import { pauseMessage } from './pause-messages.js';
import { QueueState } from './queue-state.js';

/** @typedef {import('./pause-messages.js').ClientKind} ClientKind */

/** The least time between two lines of one client, in seconds on the wall clock. */
export const LOG_INTERVAL_SECONDS = 60;

/** How long a state must last before it is worth a line, in seconds on the monotonic clock. */
const GRACE_SECONDS = Object.freeze({ sampling: 0, training: 900, model_creation: 900 });

/**
 * Whether a line is due.
 *
 * @param {number} lastLogged When the last one was logged, wall clock in seconds; 0 for never.
 * @param {number} [interval] Seconds; exactly at the interval a line is due.
 * @param {import('./clock.js').Clock} [clock]
 * @returns {boolean}
 */
export function shouldLog(lastLogged, interval = LOG_INTERVAL_SECONDS, clock = systemClock) {
  return clock.wallSeconds() - lastLogged >= interval;
}

/**
 * Logs one line about a state, however long ago the last one was; nothing for `active`.
 *
 * @param {string} state
 * @param {ClientKind} kind
 * @param {string} identifier
 * @param {{ logger?: Pick<Console, 'warn'>, reason?: unknown }} [options]
 */
export function logStateChange(state, kind, identifier, { logger = console, reason } = {}) {
  if (state !== QueueState.ACTIVE) logger.warn(pauseMessage(state, kind, identifier, reason));
}

/**
 * Logs the pauses of one client: at once for sampling, after a quarter of an hour in the same state for
 * training and for the creation of models, and then once a minute at most.
 *
 * @implements {import('./queue-state.js').QueueStateObserver}
 */
export class PauseLogger {
  #kind;
  #identifier;
  #clock;
  #logger;
  #lastLogged = 0;
  #state = null;
  #since = 0;

  /**
   * @param {ClientKind} kind
   * @param {string} identifier What the client is called in its lines.
   * @param {{ clock: import('./clock.js').Clock, logger: Pick<Console, 'warn'> }} surroundings
   */
  constructor(kind, identifier, { clock, logger }) {
    this.#kind = kind;
    this.#identifier = identifier;
    this.#clock = clock;
    this.#logger = logger;
  }

  onQueueStateChange(state, reason) {
    const outlastedGrace = this.#lasts(state) >= GRACE_SECONDS[this.#kind];
    if (state === QueueState.ACTIVE || !outlastedGrace) return;
    if (!shouldLog(this.#lastLogged, LOG_INTERVAL_SECONDS, this.#clock)) return;
    this.#lastLogged = this.#clock.wallSeconds();
    logStateChange(state, this.#kind, this.#identifier, { logger: this.#logger, reason });
  }

  /** Seconds for which the client has been in this state; any other state restarts it. */
  #lasts(state) {
    const now = this.#clock.monotonicSeconds();
    if (state !== this.#state) {
      this.#state = state;
      this.#since = now;
    }
    return now - this.#since;
  }
}
