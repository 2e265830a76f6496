/** The creation of a model, which waits in a queue like everything else. */

import { TinkerFuture } from './future.js';
import { OPERATIONS } from './operations.js';
import { PauseLogger } from './pause-logger.js';
import { TrainingClient } from './training-client.js';

export class ModelCreation {
  #service;
  #model;

  /**
   * @param {import('./service.js').Service} service
   * @param {{ baseModel: string, rank: number, nextNumber: () => number }} model
   */
  constructor(service, model) {
    this.#service = service;
    this.#model = model;
    /** Hears of the queue. */
    this.observer = new PauseLogger('model_creation', model.baseModel, service);
  }

  /**
   * @param {{ observer?: import('./queue-state.js').QueueStateObserver | null }} [options] An observer in
   *   place of its own; null for none.
   * @returns {TinkerFuture<TrainingClient>}
   */
  create({ observer = this.observer } = {}) {
    return new TinkerFuture(this.#create(observer), this.#service.clock);
  }

  async #create(observer) {
    const { baseModel, rank, nextNumber } = this.#model;
    const body = {
      type: 'create_model',
      session_id: await this.#service.session(),
      model_seq_id: nextNumber(),
      base_model: baseModel,
      lora_config: { rank },
    };
    const operation = OPERATIONS.createModel;
    const modelId = await this.#service.start({ operation, body: () => body, observer });
    return new TrainingClient(this.#service, modelId);
  }
}
