/** The errors of the SDK. Each says in its message what happened and what to do about it. */

/** What all errors of the SDK are. */
export class TinkerError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = this.constructor.name;
  }
}

/** No complete reply came: the connection broke, or nothing came within the time limit. */
export class ConnectionError extends TinkerError {}

/** A request was not accepted, so there is no future to wait for. */
export class SubmissionError extends TinkerError {}

/** The server reported that the request failed. */
export class RequestFailedError extends TinkerError {
  /**
   * @param {string} message
   * @param {'user' | 'server' | 'unknown'} category Whose fault it is, as the server says.
   */
  constructor(message, category) {
    super(message);
    this.category = category;
  }
}

/** The server no longer has the future (HTTP 410); the request can be submitted again. */
export class FutureExpiredError extends TinkerError {}

/** A reply that polling cannot go on from. */
export class PollError extends TinkerError {
  /**
   * @param {string} message
   * @param {number} status The HTTP status of the reply.
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** No sample of a client was done for two hours. */
export class StalledError extends TinkerError {}

/** The caller's time limit passed. The request itself goes on, and can be waited for again. */
export class WaitTimeoutError extends TinkerError {}
