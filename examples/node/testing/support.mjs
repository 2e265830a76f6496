/** What the tests run the SDK against: a clock that does not wait, and a service that answers from a script. */

import { ConnectionError } from '../src/errors.js';
import { ServiceClient } from '../src/index.js';

/** A clock whose sleeps take no time: each moves it, and is noted. */
export class VirtualClock {
  wall = 1_750_000_000;
  monotonic = 1_000;
  /** Seconds of each sleep that was not a mere deadline. */
  slept = [];
  /** Those that nobody has called off. */
  deadlines = [];

  wallSeconds = () => this.wall;
  monotonicSeconds = () => this.monotonic;

  advance(seconds) {
    this.wall += seconds;
    this.monotonic += seconds;
    for (const { at, pass } of this.deadlines) if (at <= this.monotonic) pass();
  }

  async sleep(seconds, { signal, deadline = false } = {}) {
    if (!deadline) {
      this.slept.push(seconds);
      this.advance(seconds);
      return;
    }
    await new Promise((pass, reject) => {
      const waiting = { at: this.monotonic + seconds, pass };
      this.deadlines.push(waiting);
      signal.addEventListener('abort', () => {
        this.deadlines = this.deadlines.filter((other) => other !== waiting);
        reject(signal.reason);
      });
    });
  }
}

export const timeout = (body) => ({ status: 408, text: JSON.stringify(body) });
export const tryAgain = (body) => ok({ type: 'try_again', request_id: 'future-1', ...body });
export const ok = (body) => ({ status: 200, text: JSON.stringify(body) });
export const refused = (status, text = '{}') => ({ status, text });
export const broken = () => {
  throw new ConnectionError('the script breaks the connection');
};
export const done = ok({
  sequences: [{ tokens: [1], logprobs: [-0.5], stop_reason: 'length' }],
  prompt_logprobs: [null, -0.5],
  loss_fn_output_type: 'ArrayRecord',
  loss_fn_outputs: [],
  metrics: { loss: 1 },
  path: 'tinker://model-1/weights/a',
  model_id: 'model-1',
});

const SET_UP = {
  '/api/v1/client/config': {},
  '/api/v1/create_session': { session_id: 'session-1' },
  '/api/v1/create_sampling_session': { sampling_session_id: 'sampler-1' },
};

/** Answers polls from a script: replies, or functions that make one, later perhaps, and may move the clock. */
export class ScriptedService {
  polls = [];
  submissions = [];
  #script = [];
  constructor(setUp = {}) {
    this.setUp = { ...SET_UP, ...setUp };
  }

  script(...steps) {
    this.#script.push(...steps);
  }

  async post(path, body, { headers }) {
    const reply = await this.#answer(path, body, headers);
    return { contentType: 'application/json', ...reply };
  }

  close() {}

  #answer(path, body, headers) {
    if (path in this.setUp) {
      const answer = this.setUp[path];
      return typeof answer === 'function' ? answer() : ok(answer);
    }
    if (path !== '/api/v1/retrieve_future') {
      this.submissions.push({ path, body });
      return ok({ request_id: `future-${this.submissions.length}` });
    }
    this.polls.push({ body, headers });
    const step = this.#script.shift();
    if (step === undefined) throw new Error(`poll ${this.polls.length} was not expected`);
    return typeof step === 'function' ? step() : step;
  }
}

/** An SDK on both. */
export function fixture({ setUp, ...options } = {}) {
  const clock = new VirtualClock();
  const service = new ScriptedService(setUp);
  const lines = [];
  const telemetry = [];
  const log = (level) => (text) => lines.push({ level, text });
  const client = new ServiceClient({
    clock,
    transport: service,
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    onTelemetry: (name, data) => telemetry.push({ name, ...data }),
    ...options,
  });
  /** A step that lets time pass before its reply. */
  const after = (seconds, reply) => () => {
    clock.advance(seconds);
    return reply;
  };
  const pauses = () => lines.map(({ text }) => text).filter((text) => text.includes('is paused'));
  return { client, clock, service, lines, telemetry, after, pauses };
}

export const PASS = { data: [], lossFn: 'cross_entropy' };

export async function sampler(made) {
  return made.client.createSamplingClient({ baseModel: 'base' });
}

/** A training client; its creation has used up one submission and one poll. */
export async function trainer(made) {
  made.service.script(done);
  return made.client.createTrainingClient({ baseModel: 'base' });
}
