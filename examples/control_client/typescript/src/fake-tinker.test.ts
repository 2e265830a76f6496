/** How a suite uses the client: node --test dist/fake-tinker.test.js. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { FakeTinker, FakeTinkerError } from './fake-tinker.ts';

const PAUSE = [{ timeout: { queue_state: 'paused_capacity' } }, { advance: 60 }, { complete: {} }];
let server: FakeTinker;

before(async () => {
  server = await FakeTinker.start();
});

after(() => server.stop());

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(body) });

test('a sample is polled while the queue is paused', async () => {
  const [mine, other] = [await server.test(), await server.test()];
  await mine.addScripts([{ operation: 'sample', steps: PAUSE }]);
  const { monotonic_ns: start } = await mine.clock();

  const future = (await (await post(`${mine.baseUrl}/api/v1/asample`, { num_samples: 1 })).json()) as unknown;
  const poll = (): Promise<Response> => post(`${mine.baseUrl}/api/v1/retrieve_future`, future);
  assert.deepEqual([(await poll()).status, (await poll()).status], [408, 200]);

  assert.equal((await mine.clock()).monotonic_ns, start + 60e9);
  assert.equal((await mine.advance(0.5)).monotonic_ns, start + 60.5e9);
  assert.equal(Number((await readFile(mine.clockFile, 'utf8')).split(' ')[2]), start + 60.5e9);
  assert.equal((await other.clock()).monotonic_ns, start);
  assert.deepEqual(
    (await mine.journal()).map((exchange) => exchange.status),
    [200, 408, 200],
  );
  assert.deepEqual(await other.journal(), []);
  await mine.verify();
  await mine.end();
  await other.end();
});

test('a script that was not served to its end is an error', async () => {
  const short = await server.test('short');
  const [future] = await short.addScripts([{ operation: 'sample', steps: PAUSE }]);
  await assert.rejects(
    short.verify(),
    (error) => error instanceof FakeTinkerError && error.message.includes(future!),
  );
  assert.equal(await short.release(), 0);
});

test('a mistake says what to do', async () => {
  const wrong = await server.test();
  await assert.rejects(wrong.addScripts([{ steps: [{ timout: {} }] }]), /did you mean 'timeout'/);
});

test('a program that does not start is an error', async () => {
  await assert.rejects(FakeTinker.start([], ['no-such-program']), FakeTinkerError);
  await assert.rejects(FakeTinker.start([], ['false']), FakeTinkerError);
});
