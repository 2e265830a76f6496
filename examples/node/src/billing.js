/** The pause that an unpaid bill (HTTP 402) makes, shared by all clients of one service. */

/** How long to wait before the next poll, in seconds. */
export const BILLING_PAUSE_SECONDS = 5;

const LINE_INTERVAL_SECONDS = 60;
const FORGOTTEN_AFTER_SECONDS = 300;

export class BillingPause {
  /** How long a pause may last, in seconds; the server's configuration may set it. */
  limitSeconds = 3600;

  #clock;
  #logger;
  #since = null;
  #lineAt = null;

  /** @param {{ clock: import('./clock.js').Clock, logger: Pick<Console, 'warn' | 'error'> }} surroundings */
  constructor({ clock, logger }) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Whether to wait and poll again; logs the pause once a minute, and its end.
   *
   * @param {string} detail What the line says of the reply.
   * @returns {boolean}
   */
  mayGoOn(detail) {
    const now = this.#clock.monotonicSeconds();
    if (this.#lineAt !== null && now - this.#lineAt > FORGOTTEN_AFTER_SECONDS) {
      this.#since = null;
      this.#lineAt = null;
    }
    this.#since ??= now;
    const lasted = now - this.#since;
    if (lasted > this.limitSeconds) {
      this.#logger.error(`Giving up: billing has held the job for ${lasted} seconds.`);
      return false;
    }
    if (this.#lineAt === null || now - this.#lineAt > LINE_INTERVAL_SECONDS) {
      this.#lineAt = now;
      this.#logger.warn(`The job waits for its bill to be paid (${detail}).`);
    }
    return true;
  }
}
