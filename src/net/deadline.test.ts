import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Deadline } from './deadline.ts';

interface Scene {
  deadline: Deadline;
  received: number;
  paused: number;
  streaming: boolean;
  expired: number[];
  tick(milliseconds: number): void;
}

function scene(t: TestContext): Scene {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const it: Scene = {
    received: 0,
    paused: 0,
    streaming: false,
    expired: [],
    tick: (milliseconds) => t.mock.timers.tick(milliseconds),
    deadline: new Deadline(
      { received: () => it.received, paused: () => it.paused, streaming: () => it.streaming },
      (milliseconds) => it.expired.push(milliseconds),
    ),
  };
  return it;
}

test('a reply must be complete in time, however much of it came', (t) => {
  const it = scene(t);
  it.deadline.start(1000);
  it.received = 1_000_000;
  it.tick(999);
  assert.deepEqual(it.expired, []);
  it.tick(1);
  assert.deepEqual(it.expired, [1000]);
});

test('a body lives as long as every window brings 100 octets a second', (t) => {
  const it = scene(t);
  it.streaming = true;
  it.deadline.start(2000);
  for (let window = 0; window < 5; window++) {
    it.received += 200;
    it.tick(2000);
    assert.deepEqual(it.expired, []);
  }
  it.received += 199;
  it.tick(2000);
  assert.deepEqual(it.expired, [2000]);
});

test('the time in which we were the slow ones is given back, once', (t) => {
  const it = scene(t);
  it.deadline.start(1000);
  it.paused = 700;
  it.tick(1000);
  assert.deepEqual(it.expired, []);
  it.tick(699);
  assert.deepEqual(it.expired, []);
  it.tick(1);
  assert.deepEqual(it.expired, [1000]);
});

test('a drip between pauses does not live for ever', (t) => {
  const it = scene(t);
  it.streaming = true;
  it.deadline.start(1000);
  for (let elapsed = 0; elapsed < 5000 && it.expired.length === 0; elapsed++) {
    it.received += elapsed % 1000 === 0 ? 1 : 0;
    it.paused += 0.5;
    it.tick(1);
  }
  assert.deepEqual(it.expired, [1000]);
});

test('start replaces what ran before, and stop ends it', (t) => {
  const it = scene(t);
  it.deadline.start(1000);
  it.tick(900);
  it.deadline.start(500);
  it.tick(499);
  assert.deepEqual(it.expired, []);
  it.deadline.stop();
  it.tick(10_000);
  assert.deepEqual(it.expired, []);
});
