/** What can be said and sent along: Markdown, messages, invitations, links; and what is asked before it leaves. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { readMessage } from '../../src/mime/message.ts';
import { makeMailHome } from '../support/mail-home.ts';
import { noTerminal, onTerminal, startOnTerminal } from '../support/tty.ts';

const TO = ['send', '-t', 'bob@example.org'];
const home = await makeMailHome({ after });
assert.equal((await home.posthorn(['fetch'])).code, 0);

const place = (name: string, content: string | Buffer): void => writeFileSync(join(home.folder, name), content);

async function* chunksOf(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets;
}

/** What bob got last, as octets and as a message. */
async function received() {
  const octets = await collect(home.sandbox.messages('bob@example.org').at(-1)?.read());
  return { source: octets.toString('latin1'), ...(await readMessage(chunksOf(octets))) };
}

async function collect(chunks: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks ?? []) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

async function send(args: readonly string[], stdin = ''): Promise<{ stderr: string }> {
  const { code, stderr } = await home.posthorn([...TO, ...args], { stdin });
  assert.equal(code, 0, stderr);
  return { stderr };
}

suite('send', () => {
  test('Markdown goes as HTML and as text, with its images', async () => {
    place('photo.png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
    place('letter.md', '# Grüße\n\n[here](https://example.org) ![photo](cid:photo.png)<script>x()</script>\n');
    await send(['-s', 'x', '--markdown-file', 'letter.md', '--inline', 'photo.png']);
    const { text, html, source } = await received();
    assert.match(text ?? '', /^# Grüße\n\nhere <https:\/\/example\.org> \[photo\]/);
    assert.match(
      html ?? '',
      /<h1>Grüße<\/h1>\s*<p><a href="https:\/\/example\.org">here<\/a> <img src="cid:photo\.png"/,
    );
    assert.doesNotMatch(html ?? '', /script/);
    assert.match(source, /^Content-ID: <photo\.png>\r$/m);
    await send(['-s', 'x', '--markdown-file', '-'], '*typed*');
    assert.match((await received()).html ?? '', /<em>typed<\/em>/);
  });

  test('a message of the mailbox, and a file that is one, are attached as messages without their Bcc', async () => {
    place('old.eml', 'Subject: old\nBcc: eve@example.org\n\nOld.\n');
    await send(['-s', 'x', '--body', 'See.', '--attach-message', '1', '2', '--attach', 'old.eml']);
    const { source, parts } = await received();
    assert.doesNotMatch(source, /eve@|^bcc/im);
    const types = parts.map(({ type }) => type);
    assert.equal(types.filter((type) => type === 'message/rfc822').length, 3, types.join());
    assert.match(source, /filename=old\.eml/);
    await home.refused(66, [...TO, '--body', 'x', '--attach-message', '99']);
    await home.refused(64, [...TO, '--body', 'x', '--attach-message', 'x']);
  });

  test('an invitation is one that can be answered', async () => {
    place('a.ics', 'BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Tea\nEND:VEVENT\nEND:VCALENDAR\n');
    await send(['-s', 'Tea?', '--body', 'Come!', '--calendar', 'a.ics']);
    const { source } = await received();
    assert.match(source, /^Content-Type: text\/calendar; charset=utf-8; method=REQUEST\r$/m);
    assert.match(source, /^Content-Type: application\/ics; name=invite\.ics\r$/m);
    place('b.ics', 'no calendar');
    assert.equal((await home.refused(64, [...TO, '--body', 'x', '--calendar', 'b.ics'])).code, 'bad-calendar');
    assert.equal((await home.refused(66, [...TO, '--body', 'x', '--calendar', 'c.ics'])).code, 'input-missing');
  });

  test('flowed text is short lines that can be joined', async () => {
    await send(['-s', 'x', '--flowed', '--body', `${'word '.repeat(60)}end`]);
    const { source } = await received();
    assert.match(source, /^Content-Type: text\/plain; charset=utf-8; format=flowed\r$/m);
    assert.ok(source.split('\r\n').every((line) => line.length <= 78));
    assert.match(source, /(?:word )+\r\n(?:word )+/);
  });

  test('files are typed by what they hold where their name says nothing', async () => {
    for (const [name, content] of [
      ['scan', '%PDF-1.7\n'],
      ['notes', 'plain text\n'],
      ['x.png', 'not one'],
    ] as const)
      place(name, content);
    await send(['-s', 'x', '--body', 'See.', '--attach', 'scan', 'notes', 'x.png']);
    const { attachments } = await received();
    assert.deepEqual(
      attachments.map(({ type }) => type),
      ['application/pdf', 'text/plain', 'image/png'],
    );
  });

  test('a mailto: URL says to whom and what, and nothing else', async () => {
    const link = 'mailto:bob@example.org?subject=Gr%C3%BC%C3%9Fe&body=one%0D%0Atwo&in-reply-to=%3C1@x%3E';
    const hostile = '&attach=/etc/passwd&bcc=cem@example.org&from=eve@example.org&x-a=%1b[31m'.replace('%1b', '');
    const ended = await home.posthorn(['send', link + hostile]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /also asks for "attach", "bcc", "from", "x-a"/);
    const { source, subject, text, from } = await received();
    assert.deepEqual([subject, text?.trim(), from[0]?.address], ['Grüße', 'one\ntwo', 'ann@example.org']);
    assert.match(source, /^In-Reply-To: <1@x>\r\nReferences: <1@x>\r$/m);
    assert.doesNotMatch(source, /root:|cem@|eve@|x-a/i);
    await send(['-s', 'mine', '--body', 'also mine', link]);
    assert.deepEqual([(await received()).subject, (await received()).text?.trim()], ['mine', 'also mine']);
    for (const bad of [
      'ann@example.org',
      'mailto:a@b@c',
      'mailto:?subject=%0d%0aBcc:%20eve',
      'mailto:a@example.org?body=%00',
    ]) {
      await home.refused(64, [...TO, '--body', 'x', bad]);
    }
    await home.refused(64, ['send', '--raw', 'old.eml', link]);
  });

  test('an answer may be written in Markdown too, and take messages along', async () => {
    const args = [
      'reply',
      '3',
      '--all',
      '-t',
      'bob@example.org',
      '--markdown',
      '**Yes**, see attached.',
      '--attach-message',
      '2',
    ];
    const { code, stderr } = await home.posthorn(args);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /nothing is attached/);
    const { html, text, parts } = await received();
    assert.match(html ?? '', /<strong>Yes<\/strong>/);
    assert.match(html ?? '', /<pre[^>]*>[^]*&gt; /);
    assert.match(text ?? '', /^> [^]*\*\*Yes\*\*, see attached\.$/m);
    assert.ok(parts.some(({ type }) => type === 'message/rfc822'));
  });

  test('options that say the same twice are refused', async () => {
    for (const options of [
      ['--markdown', 'x', '--body', 'y'],
      ['--markdown', 'x', '--html', 'y'],
      ['--markdown', 'x', '--markdown-file', 'y'],
      ['--markdown-file', 'x', '--html-file', 'y'],
      ['--raw', 'old.eml', '--markdown', 'x'],
      ['--raw', 'old.eml', '--calendar', 'x'],
      ['--raw', 'old.eml', '--attach-message', '1'],
    ]) {
      assert.equal((await home.refused(64, [...TO, ...options])).code, 'conflicting-options', options.join(' '));
    }
    assert.equal((await home.refused(64, [...TO, '--markdown', '>'.repeat(20_000)])).code, 'bad-markdown');
  });
});

suite('a text that speaks of a file which is not there', () => {
  const forgotten = ['-s', 'x', '--body', 'The report is attached.'];

  test('is told to a script, which goes on', async () => {
    assert.match((await send(forgotten)).stderr, /warning: The text says “attached”, and nothing is attached\./);
    assert.match((await send(['-s', 'x'], 'see attachment')).stderr, /“attachment”/);
    assert.match((await send(['-s', 'x', '--html', '<p>im <b>Anhang</b></p><p>attached'])).stderr, /“attached”/);
    for (const args of [
      [...forgotten, '--attach', 'notes'],
      [...forgotten, '--attach-message', '1'],
      [...forgotten, '--no-attachment-check'],
      ['-s', 'x', '--body', '> is attached\n\nThanks!\n-- \nattached to Ann'],
    ])
      assert.doesNotMatch((await send(args)).stderr, /attached\.$/m, args.join(' '));
  });

  test('is asked about on a terminal', { skip: noTerminal }, async () => {
    const count = (): number => home.sandbox.messages('bob@example.org').length;
    const sent = count();
    const stopped = startOnTerminal(home, [...TO, ...forgotten]);
    await stopped.shows(/Send it all the same\? \[y\/n\] /);
    stopped.type('n');
    const no = await stopped.ended;
    assert.equal(no.code, 130, no.output);
    assert.match(no.output, /Nothing was sent\./);
    assert.equal(count(), sent);

    const going = startOnTerminal(home, [...TO, '-s', 'x']);
    await going.shows(/end it with Ctrl-D/);
    going.type('See attached.\r');
    await going.shows(/See attached\.\r\n/);
    going.type('\x04');
    await going.shows(/Send it all the same/);
    going.type('y');
    const yes = await going.ended;
    assert.equal(yes.code, 0, yes.output);
    assert.equal(count(), sent + 1);
    for (const quiet of ['--no-input', '--dry-run', '--no-attachment-check'])
      assert.equal((await onTerminal(home, [...TO, ...forgotten, quiet])).code, 0);
  });

  test('what a link began is shown before it leaves', { skip: noTerminal }, async () => {
    const sent = home.sandbox.messages('bob@example.org').length;
    const run = startOnTerminal(home, ['send', 'mailto:bob@example.org?subject=Buy&body=two%0D%0Alines']);
    await run.shows(/To: +bob@example\.org\s+Subject: +Buy\s+two\s+lines\s+Send it\? \[y\/n\] /);
    run.type('n');
    assert.equal((await run.ended).code, 130);
    const body = encodeURIComponent(`Yes.${'\r\n'.repeat(41)}I resign.`);
    const long = startOnTerminal(home, ['send', `mailto:bob@example.org?body=${body}`]);
    await long.shows(/Yes\.[^]*… and 2 more lines, which --dry-run shows\.\s+Send it\? \[y\/n\] /);
    long.type('n');
    assert.equal((await long.ended).code, 130);
    assert.equal(home.sandbox.messages('bob@example.org').length, sent);
  });
});
