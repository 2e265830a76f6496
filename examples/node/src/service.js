/** What all clients are built on: the session, submitting requests and waiting for them. */

import { BillingPause } from './billing.js';
import { resubmitDelay } from './back-off.js';
import { systemClock } from './clock.js';
import { FutureExpiredError, SubmissionError } from './errors.js';
import { TinkerFuture } from './future.js';
import { HttpTransport } from './http.js';
import { ENDLESS } from './patience.js';
import { Poll } from './poll.js';
import { describe, isObject, jsonOf } from './reply.js';

const TIMEOUT_SECONDS = 60;

/**
 * @typedef {object} ServiceOptions
 * @property {string} [baseUrl] Where the service is; `TINKER_BASE_URL` of the environment if not given.
 * @property {string} [apiKey] `TINKER_API_KEY` of the environment if not given.
 * @property {import('./clock.js').Clock} [clock]
 * @property {Pick<Console, 'debug' | 'info' | 'warn' | 'error'>} [logger] Where pauses are told;
 *   the console if not given.
 * @property {(name: string, data: object) => void} [onTelemetry] Takes an event for each poll that did not
 *   go well.
 * @property {import('./http.js').Transport} [transport] In place of HTTP.
 *
 * @typedef {object} Work
 * @property {import('./operations.js').Operation} operation
 * @property {() => object} body Creates the request, once for each submission.
 * @property {import('./queue-state.js').QueueStateObserver | null} observer
 * @property {import('./patience.js').Patience} [patience] Where given, a request whose future is lost is
 *   submitted again, within it.
 */

export class Service {
  #transport;
  #ended = new AbortController();
  #ready = null;

  /** @param {ServiceOptions} [options] */
  constructor({ baseUrl, apiKey, clock = systemClock, logger = console, onTelemetry, transport } = {}) {
    this.clock = clock;
    this.logger = logger;
    this.onTelemetry = onTelemetry ?? (() => {});
    this.billing = new BillingPause({ clock, logger });
    this.#transport = transport ?? connect(baseUrl, apiKey);
  }

  /** Stops everything that is in flight and closes the connections. */
  close() {
    this.#ended.abort();
    this.#transport.close();
  }

  /**
   * Begins some work; the submission follows at once, the polling after it.
   *
   * @param {Work} work
   * @returns {TinkerFuture<any>}
   */
  start(work) {
    return new TinkerFuture(this.#carryOut(work), this.clock);
  }

  /** The session's id; makes the session if there is none yet. */
  session() {
    this.#ready ??= this.#openSession().catch((error) => {
      this.#ready = null;
      throw error;
    });
    return this.#ready;
  }

  /** POSTs and gives the reply, whatever it is. */
  post(path, body, { headers, timeoutSeconds = TIMEOUT_SECONDS } = {}) {
    return this.#transport.post(path, body, { headers, timeoutSeconds, signal: this.#ended.signal });
  }

  /** POSTs a request that is answered at once with an object. */
  async ask(path, body) {
    const reply = await this.post(path, body).catch((error) => {
      throw new SubmissionError(`${path} was not reached: ${error.message}`, { cause: error });
    });
    const answer = jsonOf(reply);
    if (reply.status < 200 || reply.status > 299 || !isObject(answer)) {
      throw new SubmissionError(`${path} was not accepted (${describe(reply)}); see what the server says`);
    }
    return answer;
  }

  sleep(seconds) {
    return this.clock.sleep(seconds, { signal: this.#ended.signal });
  }

  async #carryOut({ operation, body, observer, patience }) {
    await this.session();
    const attempt = async () => {
      const pending = await this.#submit(operation, body());
      return new Poll(this, pending, observer, patience ?? ENDLESS).result();
    };
    return patience ? patience.during(() => this.#untilKept(attempt, patience)) : attempt();
  }

  /** Repeats an attempt whose future the server loses; tells of any other failure. */
  async #untilKept(attempt, patience) {
    for (let count = 0; ; count += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (this.#ended.signal.aborted) throw error;
        if (!(error instanceof FutureExpiredError)) {
          this.logger.error(`A sample failed for good: ${error.name}: ${error.message}`);
          throw error;
        }
      }
      await this.sleep(Math.min(resubmitDelay(count), patience.left()));
      patience.check();
    }
  }

  async #submit(operation, body) {
    const started = this.clock.monotonicSeconds();
    const { request_id: requestId } = await this.ask(operation.path, body);
    if (typeof requestId !== 'string') {
      throw new SubmissionError(`${operation.path} gave no request_id; see what the server says`);
    }
    return { requestId, operation, roundTripSeconds: this.clock.monotonicSeconds() - started };
  }

  async #openSession() {
    const config = await this.ask('/api/v1/client/config', { sdk_version: 'tinker-node' });
    const limit = config.billing_exception_max_pause_duration_sec;
    if (typeof limit === 'number') this.billing.limitSeconds = limit;
    const { session_id: id } = await this.ask('/api/v1/create_session', {
      type: 'create_session',
      tags: [],
      user_metadata: {},
      sdk_version: 'tinker-node',
    });
    return id;
  }
}

function connect(baseUrl = process.env.TINKER_BASE_URL, apiKey = process.env.TINKER_API_KEY) {
  if (!baseUrl || !apiKey) {
    throw new TypeError('give baseUrl and apiKey, or set TINKER_BASE_URL and TINKER_API_KEY');
  }
  return new HttpTransport(baseUrl, apiKey);
}
