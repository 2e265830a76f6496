/** The stdio protocol of the kit, version 1: one JSON object a line. */

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { Driver, operations } from './driver.mjs';

const PROTOCOL = 1;
const STDOUT = 1;

const started = {
  type: 'started',
  runtime: `node ${process.version}`,
  protocol: PROTOCOL,
  name: 'tinker-node',
  version: '0.1.0',
  language: 'javascript',
  profile: 'tinker-0.38',
  operations,
  capabilities: [
    'callbacks',
    'raising_observer',
    'custom_observer',
    'telemetry',
    'logger_functions',
    'parse_function',
    'sampling',
    'training',
    'model_creation',
    'timeout',
    'concurrency',
  ],
};

/**
 * Speaks the protocol until standard input ends.
 *
 * @param {{ clocks: string[], capabilities?: string[] }} offers The clocks that the SDK can be run under, and
 *   what it can do besides.
 */
export async function serve({ clocks, capabilities = [] }) {
  let driver = null;
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    switch (message.type) {
      case 'start':
        if (message.protocol !== PROTOCOL) throw new Error(`this adapter speaks protocol ${PROTOCOL}`);
        send({ ...started, clocks, capabilities: [...started.capabilities, ...capabilities] });
        break;
      case 'run':
        driver = new Driver(message, send);
        carryOut(driver, message.id);
        break;
      case 'go':
        driver.go(message.future);
        break;
      default:
        throw new Error(`a message of the type ${message.type}; this adapter takes start, run and go`);
    }
  }
  // Whatever a scenario still waits for, nobody hears of it any more.
  process.exit();
}

async function carryOut(driver, id) {
  try {
    await driver.carryOut();
    send({ type: 'done', id });
  } catch (error) {
    send({ type: 'failed', id, error: String(error) });
  }
}

/** Writes at once, so that the kit reads an event before the SDK's next request. */
function send(event) {
  let left = Buffer.from(`${JSON.stringify(event)}\n`);
  while (left.length > 0) left = left.subarray(writeSync(STDOUT, left));
}
