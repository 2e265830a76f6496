/** Samples from one model. */

import { OPERATIONS } from './operations.js';
import { Patience } from './patience.js';
import { PauseLogger } from './pause-logger.js';

/**
 * @typedef {object} SampleRequest
 * @property {number[]} prompt Tokens.
 * @property {number} [numSamples]
 * @property {Record<string, unknown>} [samplingParams] As the service takes them, such as `max_tokens`.
 * @property {import('./queue-state.js').QueueStateObserver | null} [observer] In place of the client's own;
 *   null for none.
 *
 * @typedef {{ tokens: number[], logprobs: number[] | null, stopReason: string }} Sequence
 */

export class SamplingClient {
  #service;
  #patience;
  #requests = 0;

  /**
   * @param {import('./service.js').Service} service
   * @param {string} id The sampling session's.
   */
  constructor(service, id) {
    this.#service = service;
    this.#patience = new Patience(service.clock);
    this.id = id;
    /** Hears of the queue. */
    this.observer = new PauseLogger('sampling', id, service);
  }

  /**
   * @param {SampleRequest} request
   * @returns {import('./future.js').TinkerFuture<Sequence[]>}
   */
  sample({ prompt, numSamples = 1, samplingParams = {}, observer = this.observer }) {
    return this.#start(OPERATIONS.sample, observer, { prompt, numSamples, samplingParams, logprobs: false });
  }

  /**
   * The log-probability of each token of a prompt; null for the first.
   *
   * @param {Pick<SampleRequest, 'prompt' | 'observer'>} request
   * @returns {import('./future.js').TinkerFuture<(number | null)[]>}
   */
  computeLogprobs({ prompt, observer = this.observer }) {
    const request = { prompt, numSamples: 1, samplingParams: { max_tokens: 1 }, logprobs: true };
    return this.#start(OPERATIONS.computeLogprobs, observer, request);
  }

  #start(operation, observer, { prompt, numSamples, samplingParams, logprobs }) {
    const body = () => ({
      type: 'sample',
      sampling_session_id: this.id,
      seq_id: this.#requests++,
      prompt: { chunks: [{ type: 'encoded_text', tokens: prompt }] },
      num_samples: numSamples,
      sampling_params: samplingParams,
      prompt_logprobs: logprobs,
    });
    return this.#service.start({ operation, body, observer, patience: this.#patience });
  }
}
