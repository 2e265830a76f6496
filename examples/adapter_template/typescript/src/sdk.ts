/**
 * A small SDK of the Tinker API, so that the adapter has something to drive: put yours in its place.
 *
 * It behaves like `tinker` 0.5.1: samples and forward-backward passes, polled until they are done, and a
 * warning, at most once a minute, while the service is short of capacity. Its clock is injectable.
 */

const DEBOUNCE_SECONDS = 60;
const BACK_OFF_CAP_SECONDS = 30;
const RESUBMIT_CAP_SECONDS = 10;
const HTTP_TIMEOUT_MS = 60_000;
const STATES = ['active', 'paused_capacity', 'paused_rate_limit'];
const REASONS: Record<Kind, Record<string, string>> = {
  sampling: { paused_rate_limit: 'concurrent LoRA rate limit hit', paused_capacity: 'out of capacity' },
  training: { paused_rate_limit: 'concurrent models rate limit hit', paused_capacity: 'out of capacity' },
};

type Kind = 'sampling' | 'training';
type Json = Record<string, unknown>;
/** A complete reply; `body` is null if it is not a JSON object. */
type Reply = { status: number; body: Json | null };
export type Log = (level: 'warning' | 'error', message: string) => void;

/** What the SDK reads the time from; every time is in seconds. */
export interface Clock {
  wall(): number;
  monotonic(): number;
  sleep(seconds: number): Promise<void>;
}

export const realClock: Clock = {
  wall: () => Date.now() / 1000,
  monotonic: () => performance.now() / 1000,
  sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
};

class TinkerError extends Error {
  override name = this.constructor.name;
}

/** The server reported that the request failed. */
export class RequestFailedError extends TinkerError {}

/** The server no longer has the future. */
export class FutureExpiredError extends TinkerError {}

/** The caller's time limit passed before the result came. */
export class WaitTimeoutError extends TinkerError {}

/** When a caller stops waiting for a result. */
class Deadline {
  readonly #clock: Clock;
  readonly #seconds: number;
  readonly #at: number;

  constructor(clock: Clock, seconds: number | null) {
    this.#clock = clock;
    this.#seconds = seconds ?? Infinity;
    this.#at = clock.monotonic() + this.#seconds;
  }

  /** Throw a `WaitTimeoutError` if the time has come. */
  check(): void {
    if (this.#clock.monotonic() >= this.#at) throw this.#error();
  }

  /** Sleep, but throw a `WaitTimeoutError` as soon as the time comes. */
  async sleep(seconds: number): Promise<void> {
    const left = this.#at - this.#clock.monotonic();
    await this.#clock.sleep(Math.min(seconds, left));
    if (seconds >= left) throw this.#error();
  }

  #error(): WaitTimeoutError {
    return new WaitTimeoutError(`no result within ${this.#seconds} s; wait longer`);
  }
}

/** The connection to the service. */
export class Service {
  readonly clock: Clock;
  readonly log: Log;
  readonly #baseUrl: string;
  readonly #apiKey: string;
  session = '';
  #numbers = 0;

  constructor(
    baseUrl: string,
    apiKey: string,
    clock: Clock = realClock,
    log: Log = (_, line) => console.error(line),
  ) {
    this.clock = clock;
    this.log = log;
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
  }

  async open(): Promise<void> {
    const { body } = await this.post('create_session', { tags: [], sdk_version: '1' });
    this.session = body?.['session_id'] as string;
  }

  /** The next number of a client: the service takes one that it knows for a request that is sent again. */
  nextNumber(): number {
    return this.#numbers++;
  }

  /** Send a request. Throws if no complete reply comes. */
  async post(path: string, body: Json, headers: Record<string, string> = {}): Promise<Reply> {
    const reply = await fetch(`${this.#baseUrl}/api/v1/${path}`, {
      method: 'POST',
      headers: { 'X-API-Key': this.#apiKey, 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
    });
    return { status: reply.status, body: parsed(await reply.arrayBuffer()) };
  }
}

function parsed(bytes: ArrayBuffer): Json | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}

/** Logs the pauses of one client. */
class Observer {
  readonly #service: Service;
  readonly #kind: Kind;
  readonly #name: string;
  #loggedAt = 0;

  constructor(service: Service, kind: Kind, name: string) {
    this.#service = service;
    this.#kind = kind;
    this.#name = name;
  }

  onQueueStateChange(state: string): void {
    if (state === 'active') return;
    const now = this.#service.clock.wall();
    if (now - this.#loggedAt < DEBOUNCE_SECONDS) return;
    this.#loggedAt = now;
    const reason = REASONS[this.#kind][state] ?? 'unknown';
    const [verb, subject] =
      this.#kind === 'sampling' ? ['Sampling', `sampler ${this.#name}`] : ['Training', this.#name];
    this.#service.log('warning', `${verb} is paused for ${subject}. Reason: ${reason}`);
  }
}

/** A sampling or a training client. */
export class Client {
  readonly observer: Observer;
  readonly #service: Service;
  readonly #name: string;
  #requests = 0;

  constructor(service: Service, kind: Kind, name: string) {
    this.#service = service;
    this.#name = name;
    this.observer = new Observer(service, kind, name);
  }

  /** Sample, and wait for the result; a future that the server lost is submitted again. */
  async sample(timeout: number | null = null): Promise<Json> {
    const prompt = { chunks: [{ type: 'encoded_text', tokens: [1, 2, 3] }] };
    const request = {
      sampling_session_id: this.#name,
      num_samples: 1,
      prompt,
      sampling_params: { max_tokens: 1 },
    };
    const deadline = new Deadline(this.#service.clock, timeout);
    for (let pause = 0.5; ; pause = Math.min(2 * pause, RESUBMIT_CAP_SECONDS)) {
      try {
        return await this.#result('asample', { ...request, seq_id: ++this.#requests }, 'Sample', deadline);
      } catch (error) {
        if (!(error instanceof FutureExpiredError)) throw error;
        await deadline.sleep(pause * (0.75 + Math.random() / 4));
      }
    }
  }

  /** Run one forward-backward pass, and wait for the result. */
  forwardBackward(timeout: number | null = null): Promise<Json> {
    const data = { data: [], loss_fn: 'cross_entropy' };
    const request = { model_id: this.#name, seq_id: ++this.#requests, forward_backward_input: data };
    const deadline = new Deadline(this.#service.clock, timeout);
    return this.#result('forward_backward', request, 'ForwardBackward', deadline);
  }

  async #result(path: string, request: Json, type: string, deadline: Deadline): Promise<Json> {
    return poll(this.#service, await submit(this.#service, path, request), type, this.observer, deadline);
  }
}

/** Create a client that samples from saved weights, or from a base model. */
export async function createSamplingClient(
  service: Service,
  modelPath: string | null,
  baseModel: string,
): Promise<Client> {
  const source = modelPath === null ? { base_model: baseModel } : { model_path: modelPath };
  const request = { session_id: service.session, sampling_session_seq_id: service.nextNumber(), ...source };
  const { body } = await service.post('create_sampling_session', request);
  return new Client(service, 'sampling', body?.['sampling_session_id'] as string);
}

/** Create a model, and the client that trains it. */
export async function createTrainingClient(service: Service, baseModel: string): Promise<Client> {
  const request = {
    session_id: service.session,
    model_seq_id: service.nextNumber(),
    base_model: baseModel,
    lora_config: { rank: 8 },
  };
  const future = await submit(service, 'create_model', request);
  const model = await poll(service, future, 'CreateModel', null, new Deadline(service.clock, null));
  return new Client(service, 'training', model['model_id'] as string);
}

async function submit(service: Service, path: string, request: Json): Promise<string> {
  const { status, body } = await service.post(path, request);
  if (status !== 200 || body === null) {
    throw new TinkerError(`${path} was refused: HTTP ${status} ${JSON.stringify(body)}`);
  }
  return body['request_id'] as string;
}

/** Poll a future until it ends. */
async function poll(
  service: Service,
  id: string,
  type: string,
  observer: Observer | null,
  deadline: Deadline,
): Promise<Json> {
  let failures = 0;
  for (let iteration = 0; ; iteration += 1) {
    deadline.check();
    const headers = { 'X-Tinker-Request-Iteration': String(iteration), 'X-Tinker-Request-Type': type };
    let reply: Reply;
    try {
      reply = await service.post('retrieve_future', { request_id: id }, headers);
    } catch {
      await deadline.sleep(Math.min(2 ** failures, BACK_OFF_CAP_SECONDS));
      failures += 1;
      continue;
    }
    const { status, body } = reply;
    if (status !== 200) failures = 0;
    const state = body?.['queue_state'];
    if (status === 408 && state) {
      observer?.onQueueStateChange(STATES.find((known) => known === state) ?? 'unknown');
    }
    if (status === 410) throw new FutureExpiredError(id);
    if (status === 408 || status >= 500) continue;
    if (status !== 200 || body === null) {
      throw new TinkerError(`${id} ended in HTTP ${status}: ${JSON.stringify(body)}`);
    }
    if (body['type'] === 'try_again') {
      service.log('warning', `${id}: the server answered try_again, and is asked again`);
    } else if ('error' in body && 'category' in body) {
      throw new RequestFailedError(String(body['error']));
    } else {
      return body;
    }
  }
}
