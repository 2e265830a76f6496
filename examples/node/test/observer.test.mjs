import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { PauseLogger, logStateChange, parseQueueState, reasonForState, shouldLog } from '../src/index.js';
import { VirtualClock } from '../testing/support.mjs';

const CAPACITY = 'Tinker backend is running short on capacity, please wait';

function watched(kind = 'sampling') {
  const clock = new VirtualClock();
  const lines = [];
  const observer = new PauseLogger(kind, 'id-1', { clock, logger: { warn: (line) => lines.push(line) } });
  const tell = (state, reason = null) => observer.onQueueStateChange(state, reason);
  return { clock, lines, tell };
}

describe('parsing', () => {
  for (const word of ['active', 'paused_rate_limit', 'paused_capacity', 'unknown']) {
    test(`${word} is itself`, () => assert.equal(parseQueueState(word), word));
  }
  for (const other of ['Active', ' active', 'paused', '', null, undefined, 1, true, ['active'], {}]) {
    test(`${JSON.stringify(other)} is unknown`, () => assert.equal(parseQueueState(other), 'unknown'));
  }
});

describe('messages', () => {
  test('each kind of client has its own', () => {
    const lines = [];
    const logger = { warn: (line) => lines.push(line) };
    logStateChange('paused_rate_limit', 'sampling', 's', { logger });
    logStateChange('paused_rate_limit', 'training', 't', { logger });
    logStateChange('paused_capacity', 'model_creation', 'm', { logger });
    logStateChange('active', 'sampling', 's', { logger });
    assert.deepEqual(lines, [
      'Sampling is paused for sampler s. Reason: concurrent sampler weights limit hit',
      'Training for t is paused. Reason: concurrent training clients rate limit hit.',
      `Model creation for m is paused. Reason: ${CAPACITY}.`,
    ]);
  });

  test('an unknown state has an unknown reason', () => {
    assert.equal(reasonForState('resting', 'training'), 'unknown');
  });

  test('an unknown kind of client is an error that lists the known', () => {
    assert.throws(() => reasonForState('paused_capacity', 'toString'), /sampling, training, model_creation/);
  });

  test("the server's reason goes before the SDK's, unless it is empty", () => {
    for (const [given, shown] of [
      ['maintenance', 'maintenance'],
      ['', CAPACITY],
      [null, CAPACITY],
    ]) {
      const { lines, tell } = watched();
      tell('paused_capacity', given);
      assert.deepEqual(lines, [`Sampling is paused for sampler id-1. Reason: ${shown}`]);
    }
  });
});

describe('debounce', () => {
  test('a line is due exactly a minute after the last', () => {
    const { clock, lines, tell } = watched();
    tell('paused_capacity');
    clock.advance(59.999);
    tell('paused_rate_limit');
    assert.equal(lines.length, 1);
    clock.wall = 1_750_000_060;
    tell('paused_rate_limit');
    assert.equal(lines.length, 2);
  });

  test('active is silent and leaves the minute alone', () => {
    const { clock, lines, tell } = watched();
    tell('active');
    tell('paused_capacity');
    clock.advance(30);
    tell('active');
    clock.advance(30);
    tell('paused_capacity');
    assert.equal(lines.length, 2);
  });

  test('a wall clock that steps back suppresses', () => {
    const { clock, lines, tell } = watched();
    tell('paused_capacity');
    clock.wall -= 3600;
    clock.monotonic += 61;
    tell('paused_capacity');
    assert.equal(lines.length, 1);
  });

  test('shouldLog is true at first and at its interval', () => {
    const clock = new VirtualClock();
    assert.equal(shouldLog(0, undefined, clock), true);
    assert.equal(shouldLog(clock.wall - 59, undefined, clock), false);
    assert.equal(shouldLog(clock.wall - 60, undefined, clock), true);
    assert.equal(shouldLog(clock.wall - 30, 30, clock), true);
  });
});

for (const kind of ['training', 'model_creation']) {
  describe(`grace of ${kind}`, () => {
    test('a pause is logged once it has lasted a quarter of an hour', () => {
      const { clock, lines, tell } = watched(kind);
      tell('paused_capacity');
      clock.advance(899.5);
      tell('paused_capacity');
      assert.equal(lines.length, 0);
      clock.advance(0.5);
      tell('paused_capacity');
      assert.equal(lines.length, 1);
    });

    test('any other state restarts it', () => {
      for (const other of ['active', 'paused_rate_limit']) {
        const { clock, lines, tell } = watched(kind);
        tell('paused_capacity');
        clock.advance(600);
        tell(other);
        tell('paused_capacity');
        clock.advance(899);
        tell('paused_capacity');
        assert.equal(lines.length, 0);
      }
    });

    test('the wall clock does not count', () => {
      const { clock, lines, tell } = watched(kind);
      tell('paused_capacity');
      clock.wall += 3600;
      tell('paused_capacity');
      assert.equal(lines.length, 0);
    });
  });
}
