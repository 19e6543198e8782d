import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChild } from './child.ts';
import { ranges } from './new-mail.ts';

test('numbers as commands take them', () => {
  assert.deepEqual(ranges([3, 1, 2, 9, 7, 6]), ['1-3', '6-7', '9']);
  assert.deepEqual(ranges([]), []);
});

const env = { PATH: process.env['PATH'], POSTHORN_PASSWORD: 'secret' };
const run = (command: string, more: Partial<Parameters<typeof runChild>[1]> = {}) =>
  runChild(command, { env, variables: {}, input: [], timeout: 10_000, ...more });

test('a program is run without a shell and without our secrets, and how it ended is told', async () => {
  assert.deepEqual(await run('true; exit 3'), {
    failure: 'could not be started: there is no such program',
    complaint: '',
  });
  assert.deepEqual(await run(`sh -c 'echo "$POSTHORN_PASSWORD$X" >&2; exit 3'`, { variables: { X: 'x' } }), {
    code: 3,
    complaint: 'x',
  });
  assert.deepEqual(await run(`sh -c 'test "$(cat)" = hello'`, { input: [Buffer.from('hello')] }), {
    code: 0,
    complaint: '',
  });
  assert.deepEqual(await run(`sh -c 'kill -9 $$'`), { failure: 'was ended by a signal', complaint: '' });
});

test('a program that does not read what it is given is no failure', async () => {
  const input = Array.from({ length: 100 }, () => Buffer.alloc(65_536));
  assert.deepEqual(await run('true', { input }), { code: 0, complaint: '' });
});

test('one that does not end is ended with all that it started, and one that says too much does not block', async () => {
  const start = performance.now();
  const late = await run(`sh -c 'sleep 60 & sleep 60'`, { timeout: 300 });
  assert.deepEqual(late, { failure: 'did not end within 0.3 seconds', complaint: '' });
  assert.deepEqual(await run(`sh -c 'sleep 60 & exit 0'`), { code: 0, complaint: '' });
  assert.ok(performance.now() - start < 30_000);
  const loud = await run(`sh -c 'echo first >&2; head -c 1000000 /dev/zero >&2'`);
  assert.deepEqual(loud, { code: 0, complaint: 'first' });
});
