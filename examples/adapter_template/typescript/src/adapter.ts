/**
 * An adapter for an SDK in TypeScript. Copy this folder and put your SDK in place of `./sdk.ts`.
 *
 * This file is what you edit; kit.ts is the protocol, which stays as it is.
 */

import { serve, type About, type ClientSpec, type Driver, type Outcome, type Scenario } from './kit.ts';
import * as sdk from './sdk.ts';

/** Who your SDK is, and what it claims. */
const ABOUT: About = {
  name: 'adapter-template-typescript',
  version: '0.1.0',
  language: 'typescript',
  profile: 'tinker-0.5.1',
  capabilities: ['callbacks', 'sampling', 'training', 'concurrency', 'timeout', 'virtual_sleep'],
  operations: ['sample', 'forward_backward'],
  clocks: ['file'],
};

/** Drives the SDK in one scenario. */
class SdkDriver implements Driver<sdk.Client> {
  readonly #scenario: Scenario;
  readonly #service: sdk.Service;

  /** Give the SDK the kit's server, clock and logger. */
  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#service = new sdk.Service(scenario.baseUrl, scenario.apiKey, scenario.clock, scenario.log);
  }

  open(): Promise<void> {
    return this.#service.open();
  }

  /** Create a client, and tell the kit when the SDK calls its observer. */
  async createClient({
    kind,
    base_model: baseModel,
    model_path: modelPath,
  }: ClientSpec): Promise<sdk.Client> {
    const client =
      kind === 'sampling'
        ? await sdk.createSamplingClient(this.#service, modelPath, baseModel)
        : await sdk.createTrainingClient(this.#service, baseModel);
    const { observer } = client;
    const original = observer.onQueueStateChange.bind(observer);
    observer.onQueueStateChange = (state) => {
      this.#scenario.callback(state);
      original(state);
    };
    return client;
  }

  async run(client: sdk.Client, operation: string, timeout: number | null): Promise<void> {
    if (operation === 'sample') await client.sample(timeout);
    else await client.forwardBackward(timeout);
  }

  outcomeOf(error: unknown): Outcome {
    if (error instanceof sdk.RequestFailedError) return 'failed';
    if (error instanceof sdk.FutureExpiredError) return 'expired';
    if (error instanceof sdk.WaitTimeoutError) return 'timeout';
    return 'error';
  }
}

await serve(ABOUT, (scenario) => new SdkDriver(scenario));
