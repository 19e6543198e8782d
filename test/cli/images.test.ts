/** Images of a message on a terminal that says it can show them; and nowhere else, unless that is asked for. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PNG } from 'pngjs';
import { putMessages } from '../support/maildir.ts';
import { makeHome } from '../support/program.ts';
import { noTerminal, onTerminal } from '../support/tty.ts';

const home = await makeHome({ after });
const image = PNG.sync.write(new PNG({ width: 16, height: 8 }));
await putMessages(home, [
  `From: ann@example.org
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html

<p>text<img src="http://192.0.2.1/x.png" alt=remote>
--b
Content-Type: image/png; name="dot.png"
Content-Transfer-Encoding: base64

${image.toString('base64')}
--b
Content-Type: image/png; name="\x1b[31mbroken.png"

\x1b]0;owned\x07
--b--
`,
]);

test('images where the terminal can show them', { skip: noTerminal }, async () => {
  const kitty = await onTerminal(home, ['read', '1'], { TERM: 'xterm-kitty' });
  assert.equal(kitty.code, 0);
  assert.ok(
    kitty.output.includes(`\r\n[2] dot.png\r\n\x1b_Ga=T,q=2,f=100,c=2,m=0;${image.toString('base64')}\x1b\\\r\n`),
  );
  assert.match(kitty.output, /\[3\] +\S*broken\.png: cannot be shown here/);
  assert.doesNotMatch(kitty.output, /owned|\x1b\[31m/);
  assert.match(
    (await onTerminal(home, ['read', '1'], { TERM: 'xterm', TERM_PROGRAM: 'iTerm.app' })).output,
    /\x1b\]1337;File=inline=1/,
  );
  assert.match((await onTerminal(home, ['read', '1'], { TERM: 'foot' })).output, /\x1bP0;1q"1;1;16;8/);
});

test('no images where they are not wanted', { skip: noTerminal }, async () => {
  for (const [args, env] of [
    [['read', '1'], { TERM: 'xterm' }],
    [['read', '1', '--images=none'], { TERM: 'xterm-kitty' }],
    [['read', '1', '--json'], { TERM: 'xterm-kitty' }],
  ] as const) {
    assert.doesNotMatch((await onTerminal(home, args, { ...env })).output, /\x1b[_P\]]/);
  }
  const env = { TERM: 'xterm-kitty' };
  for (const args of [
    ['read', '1'],
    ['read', '1', '--images'],
  ]) {
    assert.doesNotMatch((await home.posthorn(args, { env })).stdout, /\x1b/);
  }
  assert.match((await home.posthorn(['read', '1', '--images=kitty'], { env })).stdout, /\x1b_G/);
  assert.equal((await home.posthorn(['read', '--images', '1'])).code, 64);
});
