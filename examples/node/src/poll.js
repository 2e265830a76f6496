/** Polls for the result of one request until it ends. */

import { BackOff } from './back-off.js';
import { BILLING_PAUSE_SECONDS } from './billing.js';
import { ConnectionError, FutureExpiredError, PollError, RequestFailedError } from './errors.js';
import { QueueState, parseQueueState } from './queue-state.js';
import { classify, describe, isObject, jsonOf } from './reply.js';

const PATH = '/api/v1/retrieve_future';
const TIMEOUT_SECONDS = 45;
/** How many times HTTP 400 is asked again; the service sends a spurious one now and then. */
const BAD_REQUEST_BUDGET = 3;

/**
 * @typedef {object} Pending
 * @property {string} requestId What the server calls the request.
 * @property {import('./operations.js').Operation} operation
 * @property {number} roundTripSeconds How long its submission took.
 */

export class Poll {
  #service;
  #pending;
  #observer;
  #patience;
  #backOff = new BackOff();
  #iteration = 0;
  #badRequests = 0;
  #announced = false;

  /**
   * @param {import('./service.js').Service} service
   * @param {Pending} pending
   * @param {import('./queue-state.js').QueueStateObserver | null} observer
   * @param {Pick<import('./patience.js').Patience, 'left' | 'check'>} patience
   */
  constructor(service, pending, observer, patience) {
    this.#service = service;
    this.#pending = pending;
    this.#observer = observer;
    this.#patience = patience;
  }

  /**
   * @returns {Promise<any>} The operation's value.
   * @throws {FutureExpiredError | RequestFailedError | PollError | import('./errors.js').StalledError}
   */
  async result() {
    for (; ; this.#iteration += 1) {
      const reply = await this.#ask();
      this.#patience.check();
      if (reply === null) {
        await this.#pause(this.#backOff.next());
        continue;
      }
      const answer = classify(reply, this.#pending.operation);
      switch (answer.kind) {
        case 'result':
          this.#tell(QueueState.ACTIVE, null);
          return answer.value;
        case 'failed':
          this.#tell(QueueState.ACTIVE, null);
          this.#emit('failed', { category: answer.category });
          throw new RequestFailedError(`${this.#name} failed: ${answer.message}`, answer.category);
        case 'try_again':
          this.#backOff.reset();
          this.#toldToTryAgain(answer.body);
          break;
        case 'announced':
          this.#backOff.reset();
          this.#fetchNext();
          break;
        case 'refused':
          await this.#refused(reply);
          break;
        case 'unusable':
          throw this.#ended(`was answered with ${answer.why}`, reply.status);
      }
    }
  }

  /** @returns {Promise<import('./http.js').Reply | null>} Null if the connection broke. */
  async #ask() {
    const headers = {
      'X-Tinker-Request-Iteration': String(this.#iteration),
      'X-Tinker-Request-Type': this.#pending.operation.requestType,
    };
    if (this.#iteration === 0) {
      headers['X-Tinker-Create-Promise-Roundtrip-Time'] = String(this.#pending.roundTripSeconds);
    }
    const body = { request_id: this.#pending.requestId, allow_metadata_only: !this.#announced };
    try {
      return await this.#service.post(PATH, body, { headers, timeoutSeconds: TIMEOUT_SECONDS });
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.#emit('connection_error', { message: error.message });
      return null;
    }
  }

  async #refused(reply) {
    const { status } = reply;
    if (status === 402 && this.#service.billing.mayGoOn(describe(reply))) {
      await this.#pause(BILLING_PAUSE_SECONDS);
      return;
    }
    this.#emit('status_error', { status });
    if (status === 429) {
      await this.#pause(this.#backOff.next());
      return;
    }
    this.#backOff.reset();
    if (status === 408) {
      this.#timedOut(jsonOf(reply));
    } else if (status === 400 && this.#badRequests < BAD_REQUEST_BUDGET) {
      this.#badRequests += 1;
    } else if (status === 410) {
      throw new FutureExpiredError(`the server no longer has ${this.#name}; submit the request again`);
    } else if (status < 500 || status > 599) {
      throw this.#ended(`ended in ${describe(reply)}`, status);
    }
  }

  /** HTTP 408: the request is not done yet, and the body may say why. */
  #timedOut(body) {
    if (body !== undefined && body !== null) this.#badRequests = 0;
    if (!isObject(body)) return;
    const { queue_state: state, queue_state_reason: reason } = body;
    if (!state || typeof state === 'object') return;
    try {
      this.#tell(parseQueueState(state), reason);
    } catch (error) {
      // A warning is not worth the request that it is about.
      this.#service.logger.debug(`An observer failed: ${error}`);
    }
  }

  /** HTTP 200 that says the same; here an observer's error ends the poll. */
  #toldToTryAgain({ queue_state: raw, queue_state_reason: reason = null }) {
    this.#service.logger.warn(`The server answered try_again; asking for ${this.#name} once more.`);
    if (typeof raw === 'object' && raw !== null && Object.keys(raw).length > 0) {
      throw this.#ended('was answered with a queue_state that is no word', 200);
    }
    const state = parseQueueState(raw);
    if (state !== QueueState.UNKNOWN || reason !== null) this.#tell(state, reason);
  }

  /** A large result is announced first and then fetched. */
  #fetchNext() {
    if (this.#announced) throw this.#ended('was announced twice', 200);
    this.#announced = true;
  }

  #tell(state, reason) {
    this.#observer?.onQueueStateChange(state, reason ?? null);
  }

  #emit(event, data) {
    const { requestId, operation } = this.#pending;
    const which = { requestId, requestType: operation.requestType, iteration: this.#iteration };
    this.#service.onTelemetry(`poll.${event}`, { ...which, ...data });
  }

  async #pause(seconds) {
    await this.#service.sleep(Math.min(seconds, this.#patience.left()));
    this.#patience.check();
  }

  #ended(how, status) {
    return new PollError(`the poll of ${this.#name} ${how}; it is not asked for again`, status);
  }

  get #name() {
    return this.#pending.requestId;
  }
}
