/** What can be asked of the service: where, under which name, and how its result reads. */

/**
 * @typedef {object} Operation
 * @property {string} path Where it is submitted.
 * @property {string} requestType What its polls call it.
 * @property {readonly string[]} required What its result must have.
 * @property {(body: any) => any} read Makes the caller's value of its result.
 */

const sample = {
  path: '/api/v1/asample',
  requestType: 'Sample',
  required: ['sequences'],
};

const pass = {
  path: '/api/v1/forward_backward',
  required: ['loss_fn_output_type', 'loss_fn_outputs', 'metrics'],
  read: (body) => ({ outputs: body.loss_fn_outputs, metrics: body.metrics }),
};

const saved = { required: ['path'], read: (body) => body.path };

/** @type {Readonly<Record<string, Operation>>} */
export const OPERATIONS = Object.freeze({
  sample: { ...sample, read: readSequences },
  computeLogprobs: { ...sample, read: (body) => body.prompt_logprobs },
  // One path for both since the service took passes in one form; the request tells them apart.
  forward: { ...pass, requestType: 'Forward' },
  forwardBackward: { ...pass, requestType: 'ForwardBackward' },
  optimStep: {
    path: '/api/v1/optim_step',
    requestType: 'OptimStep',
    required: [],
    read: (body) => ({ metrics: body.metrics ?? {} }),
  },
  saveState: { ...saved, path: '/api/v1/save_weights', requestType: 'SaveWeights' },
  loadState: {
    path: '/api/v1/load_weights',
    requestType: 'LoadWeights',
    required: [],
    read: (body) => body.path,
  },
  saveWeightsForSampler: {
    ...saved,
    path: '/api/v1/save_weights_for_sampler',
    requestType: 'SaveWeightsForSampler',
  },
  saveWeightsExternal: {
    ...saved,
    path: '/api/v1/save_weights_external',
    requestType: 'SaveWeightsExternal',
  },
  createModel: {
    path: '/api/v1/create_model',
    requestType: 'CreateModel',
    required: ['model_id'],
    read: (body) => body.model_id,
  },
});

function readSequences(body) {
  return body.sequences.map(({ tokens, logprobs, stop_reason: stopReason }) => ({
    tokens,
    logprobs,
    stopReason,
  }));
}
