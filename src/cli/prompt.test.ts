import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { AbortedError } from '../errors.ts';
import { canPrompt, promptPassword, typeKeys } from './prompt.ts';

function terminal() {
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode: (raw: boolean) => modes.push(raw),
  });
  const written: string[] = [];
  const show = (question = '\n') => void written.push(question);
  return { stdin, stderr: { isTTY: true }, show, modes, written };
}

test('keys', () => {
  assert.deepEqual(typeKeys('', 'abc'), { line: 'abc' });
  assert.deepEqual(typeKeys('ab', 'c\rrest'), { line: 'abc', end: 'enter' });
  assert.deepEqual(typeKeys('ab', '\x7f\x7f\x7fx'), { line: 'x' });
  assert.deepEqual(typeKeys('a😀', '\b'), { line: 'a' });
  assert.deepEqual(typeKeys('ab', '\x15c'), { line: 'c' });
  assert.deepEqual(typeKeys('ab', '\x03'), { line: '', end: 'abort' });
  assert.deepEqual(typeKeys('', '\x04'), { line: '', end: 'abort' });
  assert.deepEqual(typeKeys('ab', '\x04\t\x01'), { line: 'ab' });
  assert.deepEqual(typeKeys('ab', '\x1b[A'), { line: 'ab' });
  assert.equal(typeKeys('', 'x'.repeat(100_000)).line.length, 4096);
});

test('canPrompt', () => {
  assert.equal(canPrompt(terminal()), true);
  assert.equal(canPrompt({ stderr: {} }), false);
});

test('a password is read without a trace on the screen', async () => {
  const { modes, written, ...streams } = terminal();
  const { stdin } = streams;
  const answer = promptPassword('Password for ann: ', streams);
  for (const byte of Buffer.from('gehü\x7feim\r')) stdin.write(Uint8Array.of(byte));
  assert.equal(await answer, 'geheim');
  assert.deepEqual(written, ['Password for ann: ', '\n']);
  assert.deepEqual(modes, [true, false]);
  assert.equal(stdin.isPaused(), true);
});

test('Ctrl-Z gives the terminal back; what goes on asks again, and of what was typed before nothing counts', async () => {
  const { modes, written, ...streams } = terminal();
  let modesThen: boolean[] = [];
  const stopped = Promise.withResolvers<void>();
  const suspend = () => {
    modesThen = [...modes];
    stopped.resolve();
  };
  const answer = promptPassword('Password for ann: ', { ...streams, suspend });
  streams.stdin.write('wro');
  streams.stdin.write('ng\x1a');
  await stopped.promise;
  assert.deepEqual(modesThen, [true, false]);
  while (modes.length < 3) await new Promise(setImmediate);
  streams.stdin.write('geheim\r');
  assert.equal(await answer, 'geheim');
  assert.deepEqual(modes, [true, false, true, false]);
  assert.deepEqual(written, ['Password for ann: ', '\n', 'Password for ann: ', '\n']);
});

test('Ctrl-C, the end of input and the signal all restore the terminal', async () => {
  const stops: ((input: PassThrough, controller: AbortController) => void)[] = [
    (input) => input.write('ab\x03'),
    (input) => input.write('\x04'),
    (input) => input.end(),
    (input) => input.destroy(new Error('gone')),
    (_, controller) => controller.abort(),
  ];
  for (const stop of stops) {
    const { stdin, modes, ...streams } = terminal();
    const controller = new AbortController();
    const answer = assert.rejects(promptPassword('? ', { ...streams, stdin, signal: controller.signal }), AbortedError);
    stop(stdin, controller);
    await answer;
    assert.deepEqual(modes, [true, false]);
  }
  await assert.rejects(promptPassword('? ', { ...terminal(), signal: AbortSignal.abort() }), AbortedError);
});
