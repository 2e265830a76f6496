/**
 * The kit's protocol for an adapter in TypeScript: JSON lines, the clock file, events. Copy it as it is.
 *
 * Nothing here is about your SDK: that is adapter.ts. docs/reference/adapter-protocol.md describes the protocol.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** The fields of `started`: who the SDK is, and what it claims. */
export interface About {
  name: string;
  version: string;
  language: string;
  profile: string | null;
  capabilities: string[];
  operations: string[];
  clocks: string[];
}

export type Outcome = 'failed' | 'expired' | 'timeout' | 'error';

export interface ClientSpec {
  name: string;
  kind: 'sampling' | 'training' | 'model_creation';
  base_model: string;
  model_path: string | null;
}

/** Drives the SDK in one scenario: what an adapter's author writes. */
export interface Driver<Client> {
  /** Called once, before any client is created. */
  open(): Promise<void>;
  createClient(spec: ClientSpec): Promise<Client>;
  /** Submit an operation, and wait for its result, for `timeout` seconds at most. */
  run(client: Client, operation: string, timeout: number | null): Promise<void>;
  outcomeOf(error: unknown): Outcome;
}

interface FutureSpec {
  future: number;
  client: string;
  operation: string;
  timeout: number | null;
}

interface RunMessage {
  type: 'run';
  id: number;
  base_url: string;
  api_key: string;
  clock: { path: string };
  concurrent: boolean;
  stepwise: boolean;
  clients: ClientSpec[];
  futures: FutureSpec[];
}

type Message = { type: 'start' } | RunMessage | { type: 'go'; id: number; future: number };

const STDOUT = 1;

/** The future that the running code works for: events belong to it. */
const current = new AsyncLocalStorage<{ client: string; future: number }>();

/** Write one line at once, so that the kit reads it before the SDK's next request. */
function say(event: object): void {
  let left: Uint8Array = Buffer.from(`${JSON.stringify(event)}\n`);
  while (left.length > 0) left = left.subarray(writeSync(STDOUT, left));
}

/** The clock that the kit moves: `SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS` in a file. */
export class FileClock {
  readonly #path: string;
  readonly #run: number;

  constructor(path: string, run: number) {
    this.#path = path;
    this.#run = run;
  }

  seq = (): number => Number(this.#read()[0]);
  wall = (): number => seconds(this.#read()[1]);
  monotonic = (): number => seconds(this.#read()[2]);

  /** Tell the kit until when, and return when it has moved the clock there. */
  sleep = async (duration: number): Promise<void> => {
    const [seq, , now] = this.#read();
    const until = now + BigInt(Math.round(duration * 1e9));
    const who = current.getStore();
    if (who !== undefined && until > now) {
      // No JSON number of JavaScript holds all nanoseconds; those of the monotonic clock fit.
      say({ type: 'waiting', id: this.#run, ...who, until: Number(until), seq: Number(seq) });
    }
    while (this.#read()[2] < until) await delay(1);
  };

  #read(): [bigint, bigint, bigint] {
    const [seq, wall, monotonic] = readFileSync(this.#path, 'utf8').trim().split(' ').map(BigInt);
    return [seq!, wall!, monotonic!];
  }
}

/** Whole seconds and the rest apart, so that no digit is lost. */
function seconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000_000n) + Number(nanoseconds % 1_000_000_000n) / 1e9;
}

/** One scenario: makes the clients, runs the futures, and sends the events. */
export class Scenario {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly clock: FileClock;
  readonly #message: RunMessage;
  readonly #gates = new Map<number, { opened: Promise<void>; open: () => void }>();

  constructor(message: RunMessage) {
    this.#message = message;
    this.baseUrl = message.base_url;
    this.apiKey = message.api_key;
    this.clock = new FileClock(message.clock.path, message.id);
    for (const { future } of message.stepwise ? message.futures : []) {
      let open = (): void => {};
      const opened = new Promise<void>((resolve) => (open = resolve));
      this.#gates.set(future, { opened, open });
    }
  }

  /** Send a line that the SDK logged. */
  log = (level: 'debug' | 'info' | 'warning' | 'error', message: string): void =>
    this.#tell('log', { level, logger: 'sdk', message, time: this.clock.wall() });

  /** Send a call of the client's observer. */
  callback = (state: string, reason: string | null = null): void => this.#tell('callback', { state, reason });

  /** Let a future of a stepwise scenario begin. */
  go(future: number): void {
    this.#gates.get(future)?.open();
  }

  async carryOut<Client>(driver: Driver<Client>): Promise<void> {
    const { id, clients, futures, concurrent } = this.#message;
    const made = new Map<string, Client>();
    try {
      await driver.open();
      for (const spec of clients) made.set(spec.name, await driver.createClient(spec));
    } catch (error) {
      say({ type: 'failed', id, error: String(error) });
      return;
    }
    const begin = (spec: FutureSpec): Promise<void> => this.#future(driver, made.get(spec.client)!, spec);
    if (concurrent) await Promise.all(futures.map(begin));
    else for (const spec of futures) await begin(spec);
    say({ type: 'done', id });
  }

  async #future<Client>(driver: Driver<Client>, client: Client, spec: FutureSpec): Promise<void> {
    await this.#gates.get(spec.future)?.opened;
    await current.run({ client: spec.client, future: spec.future }, async () => {
      try {
        await driver.run(client, spec.operation, spec.timeout);
        this.#tell('outcome', { kind: 'result', error: null });
      } catch (error) {
        this.#tell('outcome', { kind: driver.outcomeOf(error), error: String(error) });
      }
    });
  }

  #tell(type: string, fields: object): void {
    say({ type, id: this.#message.id, ...current.getStore(), seq: this.clock.seq(), ...fields });
  }
}

/** Serve until standard input ends. */
export async function serve<Client>(
  about: About,
  makeDriver: (scenario: Scenario) => Driver<Client>,
): Promise<never> {
  let scenario: Scenario | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line) as Message;
    if (message.type === 'start') {
      say({ type: 'started', protocol: 1, runtime: `node ${process.version}`, ...about });
    } else if (message.type === 'go') {
      scenario?.go(message.future);
    } else {
      scenario = new Scenario(message);
      void scenario.carryOut(makeDriver(scenario));
    }
  }
  process.exit();
}
