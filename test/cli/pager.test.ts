/** Reading on a real terminal: through a pager where it does not fit, and never at the pager's mercy. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { putMessages } from '../support/maildir.ts';
import { makeHome } from '../support/program.ts';
import { noTmux, startScreen } from '../support/tmux.ts';
import { noTerminal, onTerminal } from '../support/tty.ts';

const skip = noTmux || noTerminal;

const LONG = `From: Ann <ann@example.org>\nSubject: long\n\n${Array.from({ length: 200 }, (_, index) => `line ${index + 1}`).join('\n')}\n`;
const SHORT = 'From: Ann <ann@example.org>\nSubject: short\n\n> quoted\nOne line.\n\n-- \nAnn\n';

const PARTS = `From: ann@example.org
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe=1B[31m
--b
Content-Type: image/png

PNG
--b--
`;

const home = await makeHome({ after }, { POSTHORN_PASSWORD: 'hunter2', POSTHORN_PROXY_PASSWORD: 'hunter3' });
await putMessages(home, [LONG, SHORT, PARTS]);

/** A pager of the test's own. */
function makePager(name: string, script: string): string {
  const path = join(home.folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('what is long goes through less, which Ctrl-C does not end', { skip }, async (t) => {
  const screen = await startScreen(t, home, ['read', '1'], { columns: 80, rows: 24, env: { TERM: 'screen' } });
  const first = await screen.shows(/^:$/m);
  assert.equal(first[0], 'From:     Ann <ann@example.org>');
  assert.match((await screen.lines(true)).join('\n'), /\x1b\[1mFrom:/);
  assert.ok(!first.includes('line 30'));
  await screen.type('C-c');
  await screen.type('C-c');
  await screen.type('G');
  await screen.shows(/^line 200$/m);
  await screen.type('q');
  await screen.shows(/^\$ended 0$/m);
});

test('what fits the screen is simply printed', { skip }, async (t) => {
  const screen = await startScreen(t, home, ['read', '2'], { columns: 40, rows: 24, env: { TERM: 'screen' } });
  const lines = await screen.shows(/^\$ended 0$/m);
  assert.deepEqual(lines.slice(0, 9), [
    'From:     Ann <ann@example.org>',
    'Subject:  short',
    '',
    '> quoted',
    'One line.',
    '',
    '--',
    'Ann',
    '$ended 0',
  ]);
  const styled = await screen.lines(true);
  assert.match(styled[3] ?? '', /\x1b\[2m> quoted/);
  assert.match(styled.slice(6, 8).join('\n'), /\x1b\[2m-- *\n.*Ann/);
});

test('PAGER is words, and no shell ever sees it', { skip }, async () => {
  const pager = makePager('my pager', `printf '%s|' "$@"; cat > '${home.folder}/paged'; env > '${home.folder}/env'`);
  const { code, output } = await onTerminal(home, ['read', '1'], {
    PAGER: `"${pager}" -a 'b c' ; touch$IFS${home.folder}/owned \`id\``,
  });
  assert.equal(code, 0);
  assert.match(output, /^-a\|b c\|;\|touch\$IFS.*\/owned\|`id`\|/);
  assert.ok(!existsSync(join(home.folder, 'owned')));
  assert.match(readFileSync(join(home.folder, 'paged'), 'utf8'), /line 200\n$/);
  const env = readFileSync(join(home.folder, 'env'), 'utf8');
  assert.match(env, /^LESSSECURE=1$/m);
  assert.doesNotMatch(env, /hunter|POSTHORN_(?:PROXY_)?PASSWORD/);
});

test('a pager that dies, is closed early or does not exist is no error', { skip }, async () => {
  const closing = makePager('closing', 'head -1; exit 3');
  const early = await onTerminal(home, ['read', '1'], { PAGER: closing });
  assert.deepEqual([early.code, early.output.split('\r\n').length], [0, 2]);
  assert.equal((await onTerminal(home, ['read', '1'], { PAGER: makePager('dying', 'kill -9 $$') })).code, 0);
  assert.equal((await onTerminal(home, ['read', '1'], { PAGER: 'false' })).code, 0);
  const missing = await onTerminal(home, ['read', '1'], { PAGER: '/no/such/pager --x' });
  assert.equal(missing.code, 0);
  assert.match(missing.output, /the pager \/no\/such\/pager could not be started: there is no such program\./);
  assert.match(missing.output, /line 200\r\n$/);
});

test('no pager where none is wanted', { skip }, async () => {
  const marking = makePager('marking', 'echo PAGED; cat');
  assert.match((await onTerminal(home, ['read', '1'], { PAGER: marking })).output, /PAGED/);
  const runs: [string[], Record<string, string>][] = [
    [['read', '1'], { PAGER: '' }],
    [['read', '1'], { PAGER: 'cat' }],
    [['read', '1'], { PAGER: marking, TERM: 'dumb' }],
    [['read', '1', '--no-pager'], { PAGER: marking }],
    [['read', '1', '--json'], { PAGER: marking }],
    [['read', '1', '--raw'], { PAGER: marking }],
    [['read', '2'], { PAGER: marking }],
  ];
  for (const [args, env] of runs) {
    const { code, output } = await onTerminal(home, args, env);
    assert.equal(code, 0);
    assert.doesNotMatch(output, /PAGED/, args.join(' '));
  }
  const piped = await home.posthorn(['read', '1'], { env: { PAGER: marking, TERM: 'xterm' } });
  assert.doesNotMatch(piped.stdout, /PAGED|\x1b/);
});

test('a part on a terminal: text in its charset, and nothing that is no text', { skip }, async () => {
  const text = await onTerminal(home, ['read', '3', '--part', '1']);
  assert.deepEqual([text.code, text.output], [0, 'Grüße\\x1b[31m\r\n']);
  const image = await onTerminal(home, ['read', '3', '--part', '2']);
  assert.equal(image.code, 64);
  assert.match(
    image.output,
    /Part 2 is image\/png, which a terminal cannot show\.\r\n {2}Save it with posthorn save 3 2/,
  );
  assert.equal((await home.posthorn(['read', '3', '--part', '2'])).stdout, 'PNG');
});
