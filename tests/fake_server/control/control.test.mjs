import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

const PYTHON = process.env.PYTHON ?? 'python3';
let server, told;

before(async () => {
  const clock = `${process.env.TMPDIR ?? '/tmp'}/fake-server-clock-${process.pid}`;
  const options = ['--control', '--clock-file', clock, '--exit-with-stdin'];
  server = spawn(PYTHON, ['-m', 'fake_server', ...options]);
  const [line] = await once(createInterface({ input: server.stdout }), 'line');
  told = JSON.parse(line); // {"url", "port", "pid", "control", "token", "clock"}
});

after(() => server.stdin.end()); // ends the server, as the death of this process does

const control = (method, path, body) =>
  fetch(told.control + path, {
    method,
    headers: { Authorization: `Bearer ${told.token}` },
    body: body && JSON.stringify(body),
  });

const post = (url, body) => fetch(url, { method: 'POST', body: JSON.stringify(body) });

test('a sample is polled while the queue is paused, and the clock moves', async () => {
  const { base_url: baseUrl, clock } = await (await control('POST', '/tests', { name: 'pause' })).json();
  const steps = [{ timeout: { queue_state: 'paused_capacity' } }, { advance: 60 }, { complete: {} }];
  await control('POST', '/tests/pause/scripts', [{ operation: 'sample', steps }]);

  const { request_id } = await (await post(`${baseUrl}/api/v1/asample`, { num_samples: 1 })).json();
  const poll = () => post(`${baseUrl}/api/v1/retrieve_future`, { request_id });
  assert.equal((await poll()).status, 408);
  const clockBefore = (await readFile(clock, 'utf8')).split(' ').map(Number);
  assert.equal((await poll()).status, 200);
  const clockAfter = (await readFile(clock, 'utf8')).split(' ').map(Number);
  assert.equal(clockAfter[2] - clockBefore[2], 60e9);

  assert.deepEqual(await (await control('GET', '/tests/pause/verdict')).json(), { ok: true, text: '' });
  const journal = (await (await control('GET', '/tests/pause/journal')).text()).trim().split('\n');
  assert.deepEqual(journal.map((line) => JSON.parse(line).status), [200, 408, 200]);
});
