import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Transcript } from './transcript.ts';

test('every line is streamed, and the last twenty are kept', () => {
  const live: string[] = [];
  const transcript = new Transcript((line) => live.push(line));
  for (let number = 1; number <= 1000; number++) transcript.record(number % 2 === 0 ? 'S' : 'C', `line ${number}`);
  assert.equal(live.length, 1000);
  assert.deepEqual(transcript.tail(), live.slice(-20));
  assert.equal(live[0], 'C: line 1');
});

test('without a listener it is kept all the same, and a tail does not change any more', () => {
  const transcript = new Transcript();
  transcript.record('*', 'connected to mail.example.org, port 995');
  const tail = transcript.tail();
  transcript.record('S', '+OK');
  assert.deepEqual(tail, ['*: connected to mail.example.org, port 995']);
});
