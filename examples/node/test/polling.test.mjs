import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  FutureExpiredError,
  PollError,
  RequestFailedError,
  StalledError,
  SubmissionError,
  WaitTimeoutError,
} from '../src/index.js';
import {
  PASS,
  broken,
  done,
  fixture,
  ok,
  refused,
  sampler,
  timeout,
  trainer,
  tryAgain,
} from '../testing/support.mjs';

const PAUSED = { queue_state: 'paused_capacity' };
const RUN = { prompt: [1, 2, 3] };

/** Runs one forward pass on a script. */
async function pass(...script) {
  const made = fixture();
  const client = await trainer(made);
  made.service.script(...script);
  const outcome = await client
    .forwardBackward(PASS)
    .result()
    .catch((error) => error);
  return { ...made, outcome, polls: made.service.polls.slice(1) };
}

describe('what is asked again', () => {
  test('408 and 5xx, at once and whatever their body', async () => {
    const { outcome, clock, polls } = await pass(
      refused(408, ''),
      refused(408, 'null'),
      refused(500),
      refused(503, '<html>'),
      refused(599),
      done,
    );
    assert.deepEqual(outcome.metrics, { loss: 1 });
    assert.deepEqual(clock.slept, []);
    assert.deepEqual(
      polls.map(({ headers }) => headers['X-Tinker-Request-Iteration']),
      ['0', '1', '2', '3', '4', '5'],
    );
    assert.ok(polls.every(({ headers }) => headers['X-Tinker-Request-Type'] === 'ForwardBackward'));
    const roundTrip = 'X-Tinker-Create-Promise-Roundtrip-Time';
    assert.deepEqual(
      polls.map(({ headers }) => roundTrip in headers),
      [true, false, false, false, false, false],
    );
  });

  test('a broken connection, after 1, 2, 4, 8, 16, 30 and 30 seconds', async () => {
    const { clock, outcome } = await pass(...Array(7).fill(broken), done);
    assert.deepEqual(clock.slept, [1, 2, 4, 8, 16, 30, 30]);
    assert.deepEqual(outcome.outputs, []);
  });

  test('429 backs off, and shares its delays with broken connections', async () => {
    const { clock } = await pass(refused(429), broken, refused(429), done);
    assert.deepEqual(clock.slept, [1, 2, 4]);
  });

  test('a 408 and a try_again reset the delays', async () => {
    const { clock } = await pass(broken, broken, timeout({}), broken, tryAgain({}), broken, done);
    assert.deepEqual(clock.slept, [1, 2, 1, 1]);
  });

  test('400, three times; a 408 with a body makes them whole again', async () => {
    const bad = refused(400);
    assert.deepEqual((await pass(bad, bad, bad, timeout({}), bad, bad, bad, done)).outcome.outputs, []);
    const { outcome } = await pass(bad, bad, bad, refused(408, ''), bad);
    assert.ok(outcome instanceof PollError);
    assert.equal(outcome.status, 400);
  });

  test('a result that is announced is fetched', async () => {
    const { polls } = await pass(ok({ status: 'complete_metadata' }), done);
    assert.deepEqual(
      polls.map(({ body }) => body.allow_metadata_only),
      [true, false],
    );
  });
});

describe('an unpaid bill', () => {
  test('is asked about every five seconds and told once a minute', async () => {
    const { clock, lines } = await pass(...Array(14).fill(refused(402)), done);
    assert.deepEqual(clock.slept, Array(14).fill(5));
    assert.equal(lines.filter(({ text }) => text.includes('bill')).length, 2);
  });

  test('ends the future after the time that the server allows', async () => {
    const made = fixture({
      setUp: { '/api/v1/client/config': { billing_exception_max_pause_duration_sec: 7 } },
    });
    const client = await trainer(made);
    made.service.script(refused(402), refused(402), refused(402));
    await assert.rejects(client.optimStep().result(), PollError);
    assert.equal(made.lines.at(-1).level, 'error');
  });
});

test('a bill that was paid for five minutes begins a new hour', async () => {
  const made = fixture();
  const client = await trainer(made);
  const paid = made.after(3400, timeout({}));
  made.service.script(refused(402), paid, refused(402), made.after(300, timeout({})), refused(402), done);
  await client.optimStep();
});

describe('what ends a future', () => {
  for (const status of [302, 401, 403, 404, 422]) {
    test(`HTTP ${status}`, async () => {
      const { outcome } = await pass(refused(status, '{"detail":"no"}'));
      assert.ok(outcome instanceof PollError);
      assert.match(outcome.message, new RegExp(`HTTP ${status}.*no`));
    });
  }

  for (const text of ['', 'not json', '[]', '"text"', '{}']) {
    test(`a result that is ${text || 'empty'}`, async () => {
      assert.ok((await pass({ status: 200, text })).outcome instanceof PollError);
    });
  }

  test('a failure that the server reports', async () => {
    const { outcome } = await pass(ok({ error: 'too long', category: 'user' }));
    assert.ok(outcome instanceof RequestFailedError);
    assert.equal(outcome.category, 'user');
    assert.match(outcome.message, /too long/);
  });

  test('the loss of a future, in training', async () => {
    assert.ok((await pass(refused(410))).outcome instanceof FutureExpiredError);
  });

  test('a session that is not made; the next request tries again', async () => {
    const made = fixture({ setUp: { '/api/v1/create_session': broken } });
    await assert.rejects(made.client.createSamplingClient({ baseModel: 'base' }), SubmissionError);
    made.service.setUp['/api/v1/create_session'] = { session_id: 'session-1' };
    await sampler(made);
  });

  test('a submission that is not accepted', async () => {
    const made = fixture({ setUp: { '/api/v1/asample': { detail: 'no id' } } });
    const client = await sampler(made);
    await assert.rejects(client.sample(RUN).result(), SubmissionError);
  });
});

describe('sampling', () => {
  test('submits again after the loss of a future', async () => {
    const made = fixture();
    const client = await sampler(made);
    made.service.script(timeout({}), refused(410), done);
    assert.deepEqual(await client.sample(RUN), [{ tokens: [1], logprobs: [-0.5], stopReason: 'length' }]);
    assert.deepEqual(
      made.service.submissions.map(({ body }) => body.seq_id),
      [0, 1],
    );
    const [delay] = made.clock.slept;
    assert.ok(delay >= 0.375 && delay <= 0.625);
  });

  test('gives up after two hours without any sample', async () => {
    const made = fixture();
    const client = await sampler(made);
    made.service.script(timeout({}), made.after(7199, timeout({})), made.after(1, done));
    await assert.rejects(client.sample(RUN).result(), StalledError);
  });

  test('does not sleep past that moment', async () => {
    const made = fixture();
    const client = await sampler(made);
    made.service.script(made.after(7190, timeout({})), ...Array(6).fill(broken));
    await assert.rejects(client.sample(RUN).result(), StalledError);
    assert.deepEqual(made.clock.slept, [1, 2, 4, 3]);
  });

  test('waits on while another sample of the client is done now and then', async () => {
    const made = fixture();
    const client = await sampler(made);
    let answer;
    const slow = new Promise((resolve) => {
      answer = resolve;
    });
    made.service.script(() => slow, made.after(7000, done), made.after(7000, done));
    const first = client.sample(RUN);
    await client.sample(RUN);
    await client.sample(RUN);
    answer(done);
    assert.equal((await first).length, 1);
  });

  test('does not wait for a lost future past that moment', async () => {
    const made = fixture();
    const client = await sampler(made);
    made.service.script(made.after(7199.9, refused(410)));
    await assert.rejects(client.sample(RUN).result(), StalledError);
    assert.ok(made.clock.slept[0] < 0.2);
  });

  test('tells of a sample that fails for good, not of one that is given up by closing', async () => {
    const made = fixture();
    const client = await sampler(made);
    made.service.script(refused(410), ok({ error: 'too long', category: 'user' }), () => {
      made.client.close();
      throw new Error('closed');
    });
    await assert.rejects(client.sample(RUN).result(), RequestFailedError);
    await assert.rejects(client.sample(RUN).result(), /closed/);
    const errors = made.lines.filter(({ level }) => level === 'error').map(({ text }) => text);
    assert.equal(errors.length, 1);
    assert.match(errors[0], /RequestFailedError: .*too long/);
  });

  test('has the log-probabilities of a prompt', async () => {
    const made = fixture();
    const client = await sampler(made);
    made.service.script(done);
    assert.deepEqual(await client.computeLogprobs(RUN), [null, -0.5]);
    assert.equal(made.service.submissions[0].body.prompt_logprobs, true);
  });
});

describe('the observer', () => {
  test('is told by 408 and by try_again, with the reason that the server gives', async () => {
    const told = [];
    const made = fixture();
    const client = await sampler(made);
    client.observer.onQueueStateChange = (...call) => told.push(call);
    made.service.script(
      timeout({ ...PAUSED, queue_state_reason: 'full' }),
      tryAgain({ queue_state: 'paused_rate_limit' }),
      done,
    );
    await client.sample(RUN);
    assert.deepEqual(told, [
      ['paused_capacity', 'full'],
      ['paused_rate_limit', null],
      ['active', null],
    ]);
  });

  test('is not told of a state that is none', async () => {
    const told = [];
    const made = fixture();
    const client = await sampler(made);
    client.observer.onQueueStateChange = (state) => told.push(state);
    const states = ['', null, 0, false, [], ['active'], { a: 1 }];
    made.service.script(
      ...states.map((state) => timeout({ queue_state: state })),
      timeout([]),
      timeout('active'),
    );
    made.service.script(tryAgain({}), tryAgain({ queue_state: 'resting' }), tryAgain({ queue_state: [] }));
    made.service.script(refused(503, JSON.stringify(PAUSED)), refused(410));
    made.service.script(tryAgain({ queue_state: 'resting', queue_state_reason: '' }), refused(403));
    await assert.rejects(client.sample(RUN).result(), PollError);
    assert.deepEqual(told, ['unknown']);
  });

  test('ends the poll by an error after a try_again, not after a 408', async () => {
    const made = fixture();
    const client = await trainer(made);
    const failing = { onQueueStateChange: (state) => assert.equal(state, 'active') };
    made.service.script(timeout(PAUSED), done, timeout(PAUSED), tryAgain(PAUSED));
    assert.equal(await client.saveState('a', { observer: failing }), 'tinker://model-1/weights/a');
    await assert.rejects(client.saveState('a', { observer: failing }).result(), assert.AssertionError);
  });

  test('does not hear of a container on a try_again: that ends the poll', async () => {
    assert.ok((await pass(tryAgain({ queue_state: ['active'] }))).outcome instanceof PollError);
  });

  test('can be replaced or switched off for one request', async () => {
    const told = [];
    const made = fixture();
    const client = await sampler(made);
    made.service.script(timeout(PAUSED), done, timeout(PAUSED), done, timeout(PAUSED), done);
    await client.sample({ ...RUN, observer: { onQueueStateChange: (state) => told.push(state) } });
    await client.sample({ ...RUN, observer: null });
    assert.deepEqual([told, made.pauses().length], [['paused_capacity', 'active'], 0]);
    await client.sample(RUN);
    assert.equal(made.pauses().length, 1);
  });

  test('of each client has a minute of its own', async () => {
    const made = fixture();
    const [one, other] = [await sampler(made), await sampler(made)];
    for (const client of [one, one, other]) {
      made.service.script(timeout(PAUSED), done);
      await client.sample(RUN);
    }
    assert.equal(made.pauses().length, 2);
  });

  test('is heard while a model is created', async () => {
    const made = fixture();
    made.service.script(timeout(PAUSED), made.after(900, timeout(PAUSED)), done);
    assert.equal((await made.client.createTrainingClient({ baseModel: 'base' })).modelId, 'model-1');
    assert.match(made.pauses().join(), /^Model creation for base is paused/);
  });
});

describe('waiting', () => {
  test('for a limited time leaves the request alone', async () => {
    const made = fixture();
    const client = await trainer(made);
    let answer;
    const later = new Promise((resolve) => {
      answer = resolve;
    });
    made.service.script(made.after(24, timeout({})), made.after(1, later));
    const future = client.loadState('tinker://a');
    await assert.rejects(future.result({ timeout: 25 }), WaitTimeoutError);
    answer(done);
    assert.equal(await future, 'tinker://model-1/weights/a');
  });

  test('ends its timer with the wait', async () => {
    const made = fixture();
    const client = await trainer(made);
    made.service.script(done);
    await client.optimStep().result({ timeout: 25 });
    assert.equal(made.clock.deadlines.length, 0);
  });

  test('counts requests of a model from one, and polls them apart', async () => {
    const made = fixture();
    const client = await trainer(made);
    made.service.script(done, done, done, done);
    await Promise.all([
      client.forward(PASS),
      client.optimStep(),
      client.saveWeightsForSampler('a'),
      client.saveWeightsExternal('a'),
    ]);
    const { submissions, polls } = made.service;
    assert.deepEqual(
      submissions.slice(1).map(({ body }) => body.seq_id),
      [1, 2, 3, 4],
    );
    assert.equal(submissions[1].body.forward_only, true);
    assert.deepEqual(
      polls.slice(1).map(({ headers }) => headers['X-Tinker-Request-Type']),
      ['Forward', 'OptimStep', 'SaveWeightsForSampler', 'SaveWeightsExternal'],
    );
  });
});

test('telemetry tells of each poll that did not go well', async () => {
  const { telemetry } = await pass(timeout(PAUSED), broken, ok({ error: 'no', category: 'odd' }));
  assert.deepEqual(
    telemetry.map(({ name, iteration }) => [name, iteration]),
    [
      ['poll.status_error', 0],
      ['poll.connection_error', 1],
      ['poll.failed', 2],
    ],
  );
  assert.equal(telemetry[2].category, 'unknown');
});
