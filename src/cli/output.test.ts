import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { ConfigError, ConnectError, type StoreError } from '../errors.ts';
import { colorWanted, Output, type OutputOptions } from './output.ts';

class FakeStream extends EventEmitter {
  readonly isTTY: boolean;
  readonly columns = 60;
  readonly written: (string | Uint8Array)[] = [];
  full = false;

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  write(chunk: string | Uint8Array): boolean {
    this.written.push(chunk);
    return !this.full;
  }

  get text(): string {
    return this.written.join('');
  }
}

function capture(options: Partial<OutputOptions> & { tty?: boolean } = {}) {
  const stdout = new FakeStream(options.tty);
  const stderr = new FakeStream(options.tty);
  return { stdout, stderr, output: new Output({ stdout, stderr, ...options }) };
}

const HOSTILE = 'a\x1b[31mb\x9bc\u202ed\r\ne';

test('data goes to standard output, talk to standard error', () => {
  const { output, stdout, stderr } = capture();
  output.data('one');
  output.data('two\n');
  output.json({ subject: HOSTILE });
  output.say('talk');
  output.detail('only when verbose');
  assert.equal(stdout.text, 'one\ntwo\n{"subject":"a\\u001b[31mb\\u009bc\\u202ed\\r\\ne"}\n');
  assert.equal(stderr.text, 'talk\n');
});

test('quiet keeps warnings and errors, verbose adds detail', () => {
  const quiet = capture({ quiet: true, verbose: true });
  quiet.output.say('talk');
  quiet.output.detail('detail');
  quiet.output.warn('look out');
  assert.equal(quiet.stderr.text, 'posthorn: warning: look out\n');
  const verbose = capture({ verbose: true });
  verbose.output.detail('detail');
  assert.equal(verbose.stderr.text, 'detail\n');
});

test('talk cannot drive the terminal', () => {
  const { output, stderr } = capture({ tty: true, color: false });
  output.say(HOSTILE);
  output.warn(HOSTILE);
  output.error(new ConfigError('bad-config', HOSTILE, { hint: HOSTILE }));
  output.error(new Error(HOSTILE));
  assert.match(stderr.text, /^[ -~\n]*$/);
  assert.ok(stderr.text.startsWith('a\\x1b[31mb\\x9bc\\u202ed\\x0d\\x0ae\n'));
});

test('data passes as text and styles of our own, whatever a caller forgot', async () => {
  const { output, stdout } = capture({ tty: true });
  output.data(`${output.style.bold('From:')} \x1b[2J\x9b\u202e\r\ne`);
  await output.write(`${output.style.dim('more')} \x1b]0;t\x07\n`);
  const safe = '\x1b[1mFrom:\x1b[22m \\x1b[2J\\x9b\\u202e\ne\n\x1b[2mmore\x1b[22m \\x1b]0;t\\x07\n';
  assert.equal(stdout.text, safe);
  const plain = capture();
  plain.output.data('\x1b[31m');
  assert.equal(plain.stdout.text, '\\x1b[31m\n');
});

test('a question waits for its answer on the same line', () => {
  const { output, stderr } = capture();
  output.ask('Password of ann\x1b[2J: ');
  output.ask();
  assert.equal(stderr.text, 'Password of ann\\x1b[2J: \n');
});

test('a trace is shown even when quiet, and is safe', () => {
  const { output, stderr } = capture({ quiet: true });
  output.trace('S: +OK \x1b[2J');
  assert.equal(stderr.text, 'S: +OK \\x1b[2J\n');
  const json = capture({ json: true });
  json.output.trace('S: +OK');
  assert.deepEqual(JSON.parse(json.stderr.text), { trace: 'S: +OK' });
});

test('an error for people', () => {
  const error = new ConnectError('refused', 'The server refused.', {
    hint: 'Try later.',
    transcript: ['S: -ERR \x1b[2J'],
  });
  const plain = capture();
  plain.output.error(error);
  assert.equal(plain.stderr.text, 'posthorn: The server refused.\n  Try later.\n');
  const verbose = capture({ verbose: true });
  verbose.output.error(error);
  assert.equal(verbose.stderr.text, 'posthorn: The server refused.\n  Try later.\n  S: -ERR \\x1b[2J\n');
});

test('with --json, standard error holds one object and nothing else', () => {
  const { output, stderr } = capture({ json: true, verbose: true, tty: true });
  output.say('talk');
  output.progress('label', 10).update(5);
  output.error(new ConnectError('refused', 'No.\x9b', { phase: 'connect' }));
  assert.match(stderr.text, /^[ -~]*\n$/);
  assert.deepEqual(JSON.parse(stderr.text), {
    error: { code: 'refused', phase: 'connect', message: 'No.\x9b', hint: null, retryable: true, retryAfter: null },
  });
  const warned = capture({ json: true });
  warned.output.warn('look out');
  assert.deepEqual(JSON.parse(warned.stderr.text), { warning: { message: 'look out' } });
});

test('what was not thrown on purpose is one sentence and no stack trace', () => {
  for (const [thrown, sentence] of [
    [new TypeError('x is not a function\n    at secret.ts:1'), "a fault of Posthorn's own: x is not a function"],
    ['text', "a fault of Posthorn's own: text"],
    [new Error(''), "a fault of Posthorn's own: no reason was given"],
  ] as const) {
    const { output, stderr } = capture({ json: true });
    output.error(thrown);
    assert.equal(JSON.parse(stderr.text).error.message, sentence);
    assert.equal(JSON.parse(stderr.text).error.code, 'internal');
  }
});

test('colours only on a terminal that wants them', () => {
  assert.equal(capture({ tty: true }).output.style.bold('x'), '\x1b[1mx\x1b[22m');
  assert.equal(capture({ tty: true, color: false }).output.style.bold('x'), 'x');
  assert.equal(capture().output.style.red('x'), 'x');
  assert.equal(colorWanted({}), true);
  assert.equal(colorWanted({ NO_COLOR: '' }), true);
  assert.equal(colorWanted({ NO_COLOR: '1' }), false);
  assert.equal(colorWanted({ TERM: 'dumb' }), false);
  assert.equal(colorWanted({}, true), false);
});

test('raw bytes reach a pipe as they are and a terminal as safe text', async () => {
  const bytes = Buffer.from('ü\x1b[2J\r\n', 'utf8');
  const pipe = capture();
  await pipe.output.write(bytes);
  assert.deepEqual(pipe.stdout.written, [bytes]);
  const terminal = capture({ tty: true });
  for (const byte of bytes) await terminal.output.write(Uint8Array.of(byte));
  assert.equal(terminal.stdout.text, 'ü\\x1b[2J\n');
});

test('write waits while the reader is slow', async () => {
  const { output, stdout } = capture();
  stdout.full = true;
  let written = false;
  const writing = output.write('x').then(() => {
    written = true;
  });
  await new Promise(setImmediate);
  assert.equal(written, false);
  stdout.emit('drain');
  await writing;
  assert.deepEqual(
    ['drain', 'close', 'error'].map((event) => stdout.listenerCount(event)),
    [0, 0, 1],
  );
});

test('a closed output is reported once, ends a waiting write and is silent', async () => {
  const reported: StoreError[] = [];
  const { output, stdout, stderr } = capture({ onStdoutError: (error) => reported.push(error) });
  stdout.full = true;
  const writing = assert.rejects(output.write('x'), { code: 'stdout-closed' });
  stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await writing;
  await assert.rejects(output.write('y'), { code: 'stdout-closed' });
  output.data('z');
  assert.equal(output.failure, reported[0]);
  output.error(reported[0]);
  assert.deepEqual([reported.length, stdout.text, stderr.text], [1, 'x', '']);
  const full = capture({ onStdoutError: (error) => reported.push(error) });
  full.stdout.emit('error', Object.assign(new Error('x'), { code: 'ENOSPC' }));
  assert.equal(reported[1]?.code, 'stdout-failed');
  assert.equal(reported[1]?.message, 'Could not write the output: the disk is full (ENOSPC).');
});

test('a pipe that ends early ends the program quietly', () => {
  const program = `
    import { Output } from ${JSON.stringify(new URL('./output.ts', import.meta.url).href)};
    const output = new Output({ stdout: process.stdout, stderr: process.stderr });
    try {
      for (;;) await output.write('line\\n'.repeat(1000));
    } catch (error) {
      output.error(error);
      process.exitCode = error.code === 'stdout-closed' ? 74 : 1;
    }`;
  const shell = spawnSync(
    'bash',
    ['-c', '"$0" --input-type=module -e "$1" | head -n 1; echo "${PIPESTATUS[0]}"', process.execPath, program],
    {
      encoding: 'utf8',
    },
  );
  assert.deepEqual([shell.stdout, shell.stderr], ['line\n74\n', '']);
});

test('a bar steps aside for talk', () => {
  const { output, stderr } = capture({ tty: true, color: false });
  const bar = output.progress('Fetching', 10, 'messages');
  bar.update(5);
  output.say('note');
  bar.done();
  const [drawn, ...rest] = stderr.written;
  assert.match(String(drawn), /Fetching .*5 of 10 messages$/);
  assert.deepEqual(rest, ['\r\x1b[K', 'note\n']);
  for (const options of [{}, { tty: true, dumb: true }]) {
    const { output: without, stderr: none } = capture(options);
    without.progress('Fetching', 10).update(5);
    without.progressLine('home', 10).update(5);
    assert.equal(none.text, '');
  }
});

test('an image is a control sequence of known form, or text like any other', async () => {
  const { output, stdout } = capture({ tty: true });
  const images = [
    '\x1b_Ga=T,m=0;QUJD\x1b\\',
    '\x1b]1337;File=inline=1;size=3;width=1:QUJD\x07',
    '\x1bP0;1q"1;1;1;1#0;2;0;0;0#0@\x1b\\',
  ];
  for (const image of images) await output.image(image);
  assert.equal(stdout.text, images.join(''));
  for (const other of [
    '\x1b_Ga=d;x\x1b[2J\x1b\\',
    '\x1b]52;c;QUJD\x07',
    '\x1bP$q"p\x1b\\',
    '\x1bP0;1q\x1b\\\x1b[2J\x1b\\',
  ]) {
    const before = stdout.text.length;
    await output.image(other);
    assert.doesNotMatch(stdout.text.slice(before), /\x1b|\x07/);
  }
});
