/** Carries out one scenario with the SDK and tells what can be seen. */

import { AsyncLocalStorage } from 'node:async_hooks';

import * as sdk from '../src/index.js';
import { FileClock } from './file-clock.mjs';

const PROMPT = [1, 2, 3];
const SHORT = { max_tokens: 1 };
const DATUM = {
  model_input: { chunks: [{ type: 'encoded_text', tokens: PROMPT }] },
  loss_fn_inputs: {
    target_tokens: { data: [2, 3, 4], dtype: 'int64', shape: [3] },
    weights: { data: [1, 1, 1], dtype: 'float32', shape: [3] },
  },
};
const PASS = { data: [DATUM], lossFn: 'cross_entropy' };

const OPERATIONS = {
  sample: (client, options) => client.sample({ prompt: PROMPT, samplingParams: SHORT, ...options }),
  compute_logprobs: (client, options) => client.computeLogprobs({ prompt: PROMPT, ...options }),
  forward: (client, options) => client.forward({ ...PASS, ...options }),
  forward_backward: (client, options) => client.forwardBackward({ ...PASS, ...options }),
  optim_step: (client, options) => client.optimStep(options),
  save_state: (client, options) => client.saveState('checkpoint', options),
  load_state: (client, options) => client.loadState('tinker://run/weights/checkpoint', options),
  save_weights_for_sampler: (client, options) => client.saveWeightsForSampler('checkpoint', options),
  save_weights_external: (client, options) => client.saveWeightsExternal('checkpoint', options),
  create_model: (client, options) => client.create(options),
};

export const operations = Object.keys(OPERATIONS);

export class Driver {
  #run;
  #send;
  #service;
  #clock;
  #clients = new Map();
  #goes = new Map();
  /** The future that the running code works for: events belong to it. */
  #current = new AsyncLocalStorage();

  /** Shared by what happens in set-up, before the first future. */
  #setUp = { deadlines: new Set(), ended: true };

  /**
   * @param {object} run The kit's message.
   * @param {(event: object) => void} send Writes an event, at once.
   */
  constructor(run, send) {
    this.#run = run;
    this.#send = send;
    const { kind, path } = run.clock;
    this.#clock = kind === 'file' ? new FileClock(path, () => this.#context, this.#waits) : sdk.systemClock;
    for (const { future } of run.stepwise ? run.futures : []) this.#goes.set(future, gate());
  }

  /** The kit lets a future begin (in a stepwise scenario). */
  go(future) {
    this.#goes.get(future).open();
  }

  async carryOut() {
    const { base_url: baseUrl, api_key: apiKey, clients, futures, calls, concurrent } = this.#run;
    const onTelemetry = (name, data) => this.#tell('telemetry', { name, data });
    const options = { baseUrl, apiKey, clock: this.#clock, logger: this.#logger(), onTelemetry };
    this.#service = new sdk.ServiceClient(options);
    try {
      for (const spec of clients) this.#clients.set(spec.name, await this.#create(spec));
      for (const call of calls) this.#call(call);
      if (concurrent) await Promise.all(futures.map((future) => this.#live(future)));
      else for (const future of futures) await this.#live(future);
    } finally {
      this.#service.close();
    }
  }

  async #create({ kind, base_model: baseModel, model_path: modelPath }) {
    const client = await this.#made(kind, baseModel, modelPath);
    const { observer } = client;
    const own = observer.onQueueStateChange.bind(observer);
    observer.onQueueStateChange = (state, reason) => {
      this.#callback(state, reason, false);
      if (this.#context.observer === 'raising') throw new Error('the scenario wants it to raise');
      own(state, reason);
    };
    return client;
  }

  #made(kind, baseModel, modelPath) {
    switch (kind) {
      case 'sampling':
        return this.#service.createSamplingClient(modelPath ? { modelPath } : { baseModel });
      case 'training':
        return this.#service.createTrainingClient({ baseModel });
      case 'model_creation':
        return this.#service.modelCreation({ baseModel });
      default:
        throw new TypeError(`no client of the SDK is a ${kind}`);
    }
  }

  async #live({ client, future, operation, observer, timeout }) {
    await this.#goes.get(future)?.opened;
    const context = { client, future, observer, deadlines: new Set(), ended: false };
    await this.#current.run(context, async () => {
      const outcome = await outcomeOf(() => {
        const begun = OPERATIONS[operation](this.#clients.get(client), this.#observing(observer));
        return begun.result(timeout === null ? {} : { timeout });
      });
      context.ended = true;
      this.#tell('outcome', outcome);
    });
  }

  #observing(observer) {
    switch (observer) {
      case 'custom':
        return { observer: { onQueueStateChange: (state, reason) => this.#callback(state, reason, true) } };
      case 'none':
        return { observer: null };
      default:
        return {};
    }
  }

  #call({ call, function: name, arguments: given }) {
    const logger = this.#logger();
    const functions = {
      log_state_change: (state, kind, id) => sdk.logStateChange(state, kind, id, { logger }) ?? null,
      reason_for_state: sdk.reasonForState,
      parse_queue_state: sdk.parseQueueState,
      should_log: (relative, interval) => {
        const last = relative === null ? 0 : this.#clock.wallSeconds() + relative;
        return sdk.shouldLog(last, interval, this.#clock);
      },
    };
    this.#tell('outcome', { future: call, kind: 'result', value: functions[name](...given) });
  }

  #logger() {
    const at = (level) => (message) =>
      this.#tell('log', { level, logger: 'tinker', message, time: this.#clock.wallSeconds() });
    return { debug: at('debug'), info: at('info'), warn: at('warning'), error: at('error') };
  }

  #callback(state, reason, custom) {
    const text = reason === null || typeof reason === 'string' ? reason : JSON.stringify(reason);
    this.#tell('callback', { state, reason: text, custom });
  }

  #waits = (until) => {
    // A future whose caller has given up may go on; nobody waits for it.
    if (!this.#context.ended) this.#tell('waiting', { until });
  };

  get #context() {
    return this.#current.getStore() ?? this.#setUp;
  }

  #tell(type, fields) {
    const { client, future } = this.#context;
    this.#send({ type, id: this.#run.id, client, future, seq: this.#clock.seq, ...fields });
  }
}

async function outcomeOf(work) {
  try {
    await work();
    return { kind: 'result' };
  } catch (error) {
    return { kind: kindOf(error), error: `${error.name}: ${error.message}` };
  }
}

function kindOf(error) {
  if (error instanceof sdk.RequestFailedError) return 'failed';
  if (error instanceof sdk.FutureExpiredError) return 'expired';
  if (error instanceof sdk.WaitTimeoutError) return 'timeout';
  return 'error';
}

function gate() {
  const made = {};
  made.opened = new Promise((resolve) => {
    made.open = resolve;
  });
  return made;
}
