import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AbortedError } from '../errors.ts';
import { untilStopped } from './input.ts';

test('a source that says nothing any more ends when the work is stopped', async () => {
  const stop = new AbortController();
  const silent = async function* () {
    yield 'one';
    await new Promise(() => undefined);
  };
  const seen: string[] = [];
  const reading = (async () => {
    for await (const chunk of untilStopped(stop.signal, silent())) {
      seen.push(chunk);
      stop.abort();
    }
  })();
  await assert.rejects(reading, AbortedError);
  assert.deepEqual(seen, ['one']);
});
