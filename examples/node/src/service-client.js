/** The way to all other clients. */

import { ModelCreation } from './model-creation.js';
import { SamplingClient } from './sampling-client.js';
import { Service } from './service.js';

export class ServiceClient {
  #service;
  #samplers = 0;
  #models = 0;

  /** @param {import('./service.js').ServiceOptions} [options] */
  constructor(options) {
    this.#service = new Service(options);
  }

  /**
   * A client that samples from saved weights or from a base model.
   *
   * @param {{ modelPath?: string, baseModel?: string }} from
   * @returns {Promise<SamplingClient>}
   */
  async createSamplingClient({ modelPath, baseModel }) {
    const number = this.#samplers++;
    const { sampling_session_id: id } = await this.#service.ask('/api/v1/create_sampling_session', {
      type: 'create_sampling_session',
      session_id: await this.#service.session(),
      sampling_session_seq_id: number,
      model_path: modelPath ?? null,
      base_model: baseModel ?? null,
    });
    return new SamplingClient(this.#service, id);
  }

  /**
   * Creates a model to train.
   *
   * @param {{ baseModel: string, rank?: number }} model
   * @returns {import('./future.js').TinkerFuture<import('./training-client.js').TrainingClient>}
   */
  createTrainingClient(model) {
    return this.modelCreation(model).create();
  }

  /**
   * Prepares the creation of a model, for those who want to see its observer first.
   *
   * @param {{ baseModel: string, rank?: number }} model
   */
  modelCreation({ baseModel, rank = 32 }) {
    return new ModelCreation(this.#service, { baseModel, rank, nextNumber: () => this.#models++ });
  }

  /** Stops everything that is in flight and closes the connections. */
  close() {
    this.#service.close();
  }
}
