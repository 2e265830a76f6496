/** Trains one model. */

import { OPERATIONS } from './operations.js';
import { PauseLogger } from './pause-logger.js';

/**
 * @typedef {import('./queue-state.js').QueueStateObserver} QueueStateObserver
 *
 * @typedef {{ observer?: QueueStateObserver | null }} WaitOptions An observer in place of the client's own;
 *   null for none.
 *
 * @typedef {{ data: object[], lossFn: string, lossFnConfig?: object }} PassInput The data as the service
 *   takes them: `model_input` and `loss_fn_inputs`.
 */

/** @template T @typedef {import('./future.js').TinkerFuture<T>} TinkerFuture */

export class TrainingClient {
  #service;
  #requests = 0;

  /**
   * @param {import('./service.js').Service} service
   * @param {string} modelId
   */
  constructor(service, modelId) {
    this.#service = service;
    this.modelId = modelId;
    /** Hears of the queue. */
    this.observer = new PauseLogger('training', modelId, service);
  }

  /**
   * @param {PassInput & WaitOptions} input
   * @returns {TinkerFuture<{ outputs: object[], metrics: Record<string, number> }>}
   */
  forward({ observer, ...input }) {
    return this.#start(OPERATIONS.forward, observer, { ...passOf(input), forward_only: true });
  }

  /**
   * @param {PassInput & WaitOptions} input
   * @returns {TinkerFuture<{ outputs: object[], metrics: Record<string, number> }>}
   */
  forwardBackward({ observer, ...input }) {
    return this.#start(OPERATIONS.forwardBackward, observer, passOf(input));
  }

  /**
   * @param {{ adamParams?: Record<string, number> } & WaitOptions} [options]
   * @returns {TinkerFuture<{ metrics: Record<string, number> }>}
   */
  optimStep({ adamParams = { learning_rate: 1e-4 }, observer } = {}) {
    return this.#start(OPERATIONS.optimStep, observer, { type: 'optim_step', adam_params: adamParams });
  }

  /**
   * Saves weights and the optimizer's state.
   *
   * @param {string} name
   * @param {WaitOptions} [options]
   * @returns {TinkerFuture<string>} Where they are.
   */
  saveState(name, { observer } = {}) {
    return this.#start(OPERATIONS.saveState, observer, { path: name });
  }

  /**
   * Loads saved weights.
   *
   * @param {string} path
   * @param {{ optimizer?: boolean } & WaitOptions} [options] Whether the optimizer's state comes along.
   * @returns {TinkerFuture<string>}
   */
  loadState(path, { optimizer = false, observer } = {}) {
    return this.#start(OPERATIONS.loadState, observer, { type: 'load_weights', path, optimizer });
  }

  /**
   * Saves weights to sample from.
   *
   * @param {string} name
   * @param {WaitOptions} [options]
   * @returns {TinkerFuture<string>} Where they are.
   */
  saveWeightsForSampler(name, { observer } = {}) {
    return this.#start(OPERATIONS.saveWeightsForSampler, observer, { path: name });
  }

  /**
   * Saves weights in a format that others read.
   *
   * @param {string} name
   * @param {WaitOptions} [options]
   * @returns {TinkerFuture<string>} Where they are.
   */
  saveWeightsExternal(name, { observer } = {}) {
    return this.#start(OPERATIONS.saveWeightsExternal, observer, { path: name });
  }

  #start(operation, observer = this.observer, input) {
    const body = { model_id: this.modelId, seq_id: ++this.#requests, ...input };
    return this.#service.start({ operation, body: () => body, observer });
  }
}

function passOf({ data, lossFn, lossFnConfig = null }) {
  return { forward_backward_input: { data, loss_fn: lossFn, loss_fn_config: lossFnConfig } };
}
