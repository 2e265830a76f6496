/**
 * A client for the fake server, for test suites in TypeScript. Copy this file.
 *
 *     const server = await FakeTinker.start();
 *     const test = await server.test('pause');
 *     await test.addScripts([{ steps: [{ timeout: { queue_state: 'paused_capacity' } }, { complete: {} }] }]);
 *     // your SDK, at test.baseUrl
 *     await test.verify();
 *     await server.stop();
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_MS = 60_000;
const STOP_MS = 10_000;
const REQUEST_MS = 30_000;

/** The server did not start or stop, refused a request, or a test's scripts were not served as written. */
export class FakeTinkerError extends Error {
  override name = 'FakeTinkerError';
}

export interface ClockReading {
  seq: number;
  wall_ns: number;
  monotonic_ns: number;
}

/** A request and its reply; there are more fields than these. */
export interface Exchange {
  method: string;
  path: string;
  status: number | null;
  [more: string]: unknown;
}

interface Started {
  url: string;
  control: string;
  token: string;
}

/** The program `fake-tinker`, started; it ends with this process, even if that is killed. */
export class FakeTinker {
  readonly url: string;
  readonly #control: string;
  readonly #token: string;
  readonly #program: ChildProcess;
  readonly #folder: string;

  private constructor(program: ChildProcess, folder: string, started: Started) {
    this.#program = program;
    this.#folder = folder;
    this.url = started.url;
    this.#control = started.control;
    this.#token = started.token;
  }

  /**
   * Start the program.
   *
   * @param options More of its options, such as `['--seed', '7']`.
   * @param command How to start it; by default the variable FAKE_TINKER, or `fake-tinker` on the PATH.
   */
  static async start(
    options: string[] = [],
    command: string[] = (process.env['FAKE_TINKER'] ?? 'fake-tinker').trim().split(/\s+/),
  ): Promise<FakeTinker> {
    const folder = mkdtempSync(join(tmpdir(), 'fake-tinker-'));
    const ours = ['--control', '--clock-file', join(folder, 'clock'), '--exit-with-stdin'];
    const [file = '', ...first] = command;
    const program = spawn(file, [...first, ...ours, ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
    const limit = setTimeout(() => program.kill('SIGKILL'), START_MS);
    try {
      const lines = createInterface({ input: program.stdout });
      const line = await Promise.race([
        once(lines, 'line').then(([text]) => text as string),
        once(lines, 'close').then(() => ''),
        once(program, 'error').then(([error]) => Promise.reject(error as Error)),
      ]);
      return new FakeTinker(program, folder, JSON.parse(line) as Started);
    } catch (error) {
      program.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      throw new FakeTinkerError(
        `${command.join(' ')} did not start: ${String(error)}; install tinker-conformance, or set FAKE_TINKER to ` +
          'the command that starts fake-tinker',
      );
    } finally {
      clearTimeout(limit);
    }
  }

  /** Begin a test, with scripts, journal and clock of its own. */
  async test(name?: string): Promise<FakeTinkerTest> {
    const body = await this.request('POST', '/tests', name === undefined ? {} : { name });
    const made = JSON.parse(body) as { name: string; base_url: string; clock: string };
    return new FakeTinkerTest(this, made.name, made.base_url, made.clock);
  }

  /** Send a request to the control plane; return the body of the reply. */
  async request(method: string, path: string, body?: unknown): Promise<string> {
    const reply = await fetch(this.#control + path, {
      method,
      headers: { Authorization: `Bearer ${this.#token}` },
      signal: AbortSignal.timeout(REQUEST_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    if (!reply.ok) throw new FakeTinkerError((JSON.parse(text) as { error: string }).error);
    return text;
  }

  /** Stop the program; twice does no harm. */
  async stop(): Promise<void> {
    const limit = setTimeout(() => this.#program.kill('SIGKILL'), STOP_MS);
    this.#program.stdin?.end();
    if (this.#program.exitCode === null && this.#program.signalCode === null)
      await once(this.#program, 'exit');
    clearTimeout(limit);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A test of a suite; `baseUrl` is where its SDK is to send its requests. */
export class FakeTinkerTest {
  readonly baseUrl: string;
  readonly clockFile: string;
  readonly #server: FakeTinker;
  readonly #path: string;

  constructor(server: FakeTinker, name: string, baseUrl: string, clockFile: string) {
    this.baseUrl = baseUrl;
    this.clockFile = clockFile;
    this.#server = server;
    this.#path = `/tests/${name}`;
  }

  /** Add scripts and rules, written as in a script file; return the names of the scripts' futures. */
  async addScripts(scripts: object[]): Promise<string[]> {
    return (JSON.parse(await this.#request('POST', '/scripts', scripts)) as { futures: string[] }).futures;
  }

  /** Return every request so far, with its reply. */
  async journal(): Promise<Exchange[]> {
    const lines = (await this.#request('GET', '/journal')).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Exchange);
  }

  /** Throw unless every script was served to its end, and no other request came. */
  async verify(): Promise<void> {
    const verdict = JSON.parse(await this.#request('GET', '/verdict')) as { ok: boolean; text: string };
    if (!verdict.ok) throw new FakeTinkerError(verdict.text);
  }

  async clock(): Promise<ClockReading> {
    return JSON.parse(await this.#request('GET', '/clock')) as ClockReading;
  }

  /** Move both clocks of the test; return what they show then. */
  async advance(seconds: number): Promise<ClockReading> {
    return JSON.parse(await this.#request('POST', '/clock', { advance: seconds })) as ClockReading;
  }

  /** Send every reply that a script holds; return how many there were. */
  async release(): Promise<number> {
    return (JSON.parse(await this.#request('POST', '/release')) as { released: number }).released;
  }

  /** Forget the test. */
  async end(): Promise<void> {
    await this.#request('DELETE', '');
  }

  #request(method: string, path: string, body?: unknown): Promise<string> {
    return this.#server.request(method, this.#path + path, body);
  }
}
