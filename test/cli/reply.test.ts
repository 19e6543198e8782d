/** Answers and forwarded messages as a script makes them: read again by Python, and never more than they should say. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { type MailHome, makeMailHome } from '../support/mail-home.ts';

const home = await makeMailHome({ after }, { samples: false });

/** Brings a message into the mailbox and says which number it got. */
async function receive(message: string | Buffer): Promise<number> {
  const args = ['send', '--raw', '-f', 'somebody@example.com', '-t', 'ann@example.org', '--json'];
  const { code, stderr } = await home.posthorn(args, { stdin: message });
  assert.equal(code, 0, stderr);
  const { fetched } = await home.json<{ fetched: { number: number }[] }>(['fetch']);
  assert.equal(fetched.length, 1);
  return fetched[0]?.number ?? 0;
}

const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n`;

/** The message that would be sent, as it is. */
async function shown(args: readonly string[], stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await home.posthorn(['reply', ...args, '--dry-run'], { stdin });
  assert.equal(code, 0, stderr);
  return stdout;
}

/** What Bob's mail program has of the last message to him. */
async function bobGot(): Promise<string> {
  const { host, ports, users } = home.sandbox;
  const bob = ['--pop3', `pop3s://bob%40example.org@${host}:${ports.pop3s}`];
  const env = { POSTHORN_PASSWORD: users[1]?.password ?? '' };
  const { fetched } = await home.json<{ fetched: { number: number }[] }>(['fetch', ...bob], { env });
  const number = String(fetched.at(-1)?.number);
  return (await home.posthorn(['read', number, '--raw', ...bob])).stdout;
}

async function flags(of: MailHome, number: number): Promise<string | undefined> {
  const { messages } = await of.json<{ messages: { number: number; flags: string }[] }>(['list']);
  return messages.find((message) => message.number === number)?.flags;
}

const noPython = spawnSync('python3', ['-c', 'import email.policy']).status !== 0 && 'needs python3';
const READ = String.raw`
import sys, json, email, email.policy, hashlib
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
print(json.dumps({
  'fields': {name: str(m[name]) for name in ('From', 'To', 'Cc', 'Subject', 'In-Reply-To', 'References') if m[name]},
  'text': m.get_body(('plain',)).get_content().replace('\r\n', '\n'),
  'parts': [[p.get_content_type(), p.get_filename(), len(p.get_payload(decode=True) or b''),
    hashlib.sha256(p.get_payload(decode=True) or b'').hexdigest()] for p in m.walk() if not p.is_multipart()],
  'inner': [str(p.get_content()['Subject']) for p in m.walk() if p.get_content_type() == 'message/rfc822'],
  'defects': [str(d) for p in m.walk() for d in p.defects]}))`;

function readByPython(message: string | Buffer) {
  const { stdout, stderr } = spawnSync('python3', ['-c', READ], { input: message, maxBuffer: 1 << 27 });
  assert.equal(stderr.toString(), '');
  return JSON.parse(stdout.toString());
}

const LETTER = lines(
  'From: Bob Builder <bob@example.org>',
  'To: ann@example.org, cid@example.com',
  'Cc: Dan <dan@example.com>',
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
  'Message-ID: <2@example.org>',
  'In-Reply-To: <1@example.org>',
  'Date: Mon, 05 Jan 2026 10:11:00 +0000',
  '',
  'Hello Ann',
  '> you said',
  '-- ',
  'Bob',
);

test('an answer is in the thread, quotes the text, and marks the message', { skip: noPython }, async () => {
  const number = await receive(LETTER);
  const { code, stdout, stderr } = await home.posthorn(['reply', String(number), '--body', 'Hello Bob'], {
    env: { TZ: 'UTC' },
  });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^The answer goes to Bob Builder <bob@example\.org> \(From\)\.$/m);
  const read = readByPython(await bobGot());
  assert.deepEqual(read.fields, {
    From: 'ann@example.org',
    To: 'Bob Builder <bob@example.org>',
    Subject: 'Re: Grüße',
    'In-Reply-To': '<2@example.org>',
    References: '<1@example.org> <2@example.org>',
  });
  assert.equal(
    read.text,
    'On 2026-01-05 10:11, Bob Builder <bob@example.org> wrote:\n> Hello Ann\n>> you said\n\nHello Bob\n',
  );
  assert.deepEqual(read.defects, []);
  assert.equal(await flags(home, number), 'R');
});

suite('an answer', () => {
  test('to all leaves us out, and more people may be named', async () => {
    const number = String(await receive(LETTER));
    const message = await shown([
      number,
      '--all',
      '--body',
      'x',
      '-t',
      'eve@example.com',
      '--cc',
      'fay@example.com',
      '--bcc',
      'gus@example.com',
    ]);
    assert.match(message, /^To: Bob Builder <bob@example\.org>, eve@example\.com\r$/m);
    assert.match(message, /^Cc: cid@example\.com, Dan <dan@example\.com>, fay@example\.com\r$/m);
    assert.doesNotMatch(message, /gus@|ann@example\.org,|Bcc/);
  });

  test('comes from the alias that was written to, and never goes to one', async () => {
    const own = await makeMailHome({ after }, { samples: false });
    const { host, ports } = own.sandbox;
    const config = join(own.folder, 'config.toml');
    writeFileSync(
      config,
      `[account.home]\npop3 = "pop3s://ann%40example.org@${host}:${ports.pop3s}"\nsmtp = "smtps://ann%40example.org@${host}:${ports.smtps}"\nfrom = "Ann <ann@example.org>"\naliases = ["info@example.org", "Sales <sales@example.org>"]\nca_file = "${own.caFile}"\n`,
      { mode: 0o600 },
    );
    const account = ['-a', 'home', '-c', config];
    const stdin = lines('From: bob@example.org', 'To: Sales@example.org, info@example.org, cid@example.com', '', 'x');
    assert.equal((await own.posthorn(['send', '--raw', '-t', 'ann@example.org', ...account], { stdin })).code, 0);
    assert.equal((await own.posthorn(['fetch', ...account])).code, 0);
    const { stdout } = await own.posthorn(['reply', '1', '--all', '--body', 'y', '--dry-run', ...account]);
    assert.match(stdout, /^From: Ann <info@example\.org>\r\nTo: bob@example\.org\r\nCc: cid@example\.com\r$/m);
  });

  test('takes its text from a pipe, a file, or HTML, and may leave the quote out', async () => {
    const number = String(await receive(LETTER));
    assert.match(await shown([number], 'From a pipe\n'), /> Hello Ann\r\n[^]*\r\n\r\nFrom a pipe\r\n$/);
    writeFileSync(join(home.folder, 'text.txt'), 'From a file\n');
    assert.match(await shown([number, '--body-file', 'text.txt', '--no-quote']), /\r\n\r\nFrom a file\r\n$/);
    const html = await shown([number, '--html', '<b>Hi &amp; bye</b>']);
    assert.match(html, /&gt; Hello Ann\r\n&gt;&gt; you said\r\n<\/pre>\r\n<b>Hi &amp; bye<\/b>\r\n/);
    assert.match(html, /> Hello Ann\r\n>> you said\r\n\r\nHi & bye\r\n/);
    assert.equal((await home.refused(66, ['reply', number])).code, 'input-missing');
    assert.equal((await home.refused(64, ['reply', number, '--edit'])).code, 'no-terminal');
  });

  test('reads HTML as text, and flowed text as paragraphs', async () => {
    const html = await receive(lines('From: bob@example.org', 'Content-Type: text/html', '', '<p>One<p>Two'));
    assert.match(await shown([String(html), '--body', 'x']), /wrote:\r\n> One\r\n>\r\n> Two\r\n/);
    const flowed = await receive(
      lines(
        'From: bob@example.org',
        'Content-Type: text/plain; format=flowed',
        '',
        'one ',
        'two',
        '> three ',
        '> four',
      ),
    );
    assert.match(await shown([String(flowed), '--body', 'x']), /wrote:\r\n> one two\r\n>> three four\r\n/);
  });

  test('that would leave the author says so, and goes to the author when asked', async () => {
    const number = String(
      await receive(lines('From: Boss <boss@example.org>', 'Reply-To: Boss <boss@evil.test>', '', 'Pay!')),
    );
    const { stdout, stderr } = await home.posthorn(['reply', number, '--body', 'x', '--dry-run']);
    assert.match(stdout, /^To: Boss <boss@evil\.test>\r$/m);
    assert.match(stderr, /warning: Reply-To leads away from the author: to Boss <boss@evil\.test>/);
    assert.match(await shown([number, '--body', 'x', '--ignore-reply-to']), /^To: Boss <boss@example\.org>\r$/m);
  });

  test('to a crowd is made only when that is asked for', async () => {
    const crowd = Array.from({ length: 300 }, (_, at) => ` u${at}@example.com`).join(',\r\n');
    const number = String(await receive(lines('From: bob@example.org', `To:${crowd}`, '', 'x')));
    const { code, hint } = await home.refused(64, ['reply', number, '--all', '--body', 'x']);
    assert.equal(code, 'too-many-recipients');
    assert.match(hint ?? '', /--max-recipients 301/);
    const message = await shown([number, '--all', '--body', 'x', '--max-recipients', '301']);
    assert.match(message, /u299@example\.com\r\n/);
  });

  test('needs an address, and options that go together', async () => {
    const number = String(await receive(lines('From: <a@evil.test>b@good.test', 'To: ann@example.org', '', 'x')));
    const rows: [args: string[], exit: number, code: string][] = [
      [[], 64, 'no-recipient'],
      [['--list'], 64, 'no-list'],
      [['--all', '--list'], 64, 'conflicting-options'],
      [['--as-attachment'], 64, 'conflicting-options'],
      [['--forward', '--all', '-t', 'bob@example.org'], 64, 'conflicting-options'],
      [['--forward', '--as-attachment', '--no-attachments', '-t', 'bob@example.org'], 64, 'conflicting-options'],
      [['--forward'], 64, 'no-recipient'],
      [['-t', 'nobody'], 64, 'bad-address'],
    ];
    for (const [args, exit, code] of rows)
      assert.equal((await home.refused(exit, ['reply', number, '--body', 'x', ...args])).code, code, args.join(' '));
    assert.match(await shown([number, '--body', 'x', '-t', 'cid@example.com']), /^To: cid@example\.com\r$/m);
    assert.equal((await home.refused(66, ['reply', '999', '--body', 'x'])).code, 'no-such-message');
  });
});

const PHOTO = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 256));
const b64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll(/.{76}/g, '$&\r\n');
const PARCEL = lines(
  'From: Bob <bob@example.org>',
  'To: ann@example.org',
  'Bcc: secret@example.com',
  'Subject: Photos',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  '',
  'Look',
  '--b',
  'Content-Type: image/jpeg; name="../../photo.jpg"',
  'Content-Transfer-Encoding: base64',
  'Content-Disposition: attachment',
  '',
  b64(PHOTO),
  '--b',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Disposition: attachment; filename=notes.txt',
  'Content-Transfer-Encoding: 8bit',
  '',
  'ok',
  '--b',
  'Content-Type: message/rfc822',
  '',
  'Subject: within',
  'Bcc: hidden@example.com',
  '',
  'letter',
  '--b--',
);

suite('a message is passed on', { skip: noPython }, () => {
  test('with its header and its attachments', async () => {
    const number = await receive(PARCEL);
    const { code, stderr } = await home.posthorn([
      'reply',
      String(number),
      '--forward',
      '-t',
      'bob@example.org',
      '--body',
      'For you.',
    ]);
    assert.equal(code, 0, stderr);
    const sent = await bobGot();
    const read = readByPython(sent);
    assert.match(
      read.text,
      /^For you\.\n\n-{10} Forwarded message -{10}\nFrom: Bob <bob@example\.org>\nTo: ann@example\.org\nSubject: Photos\n\nLook\n$/,
    );
    assert.equal(read.fields.Subject, 'Fwd: Photos');
    assert.deepEqual(read.parts[1], [
      'image/jpeg',
      'photo.jpg',
      PHOTO.length,
      createHash('sha256').update(PHOTO).digest('hex'),
    ]);
    assert.deepEqual(read.parts[2]?.slice(0, 2), ['text/plain', 'notes.txt']);
    assert.deepEqual([read.inner, read.defects], [['within'], []]);
    assert.doesNotMatch(sent, /secret@|hidden@/);
    assert.equal(await flags(home, number), 'P');
  });

  test('as a whole, without its Bcc', async () => {
    const number = String(await receive(PARCEL));
    const message = await shown([number, '--forward', '--as-attachment', '-t', 'bob@example.org', '--body', '']);
    const read = readByPython(Buffer.from(message, 'utf8'));
    assert.equal(read.inner[0], 'Photos');
    assert.doesNotMatch(message, /secret@/);
    assert.match(message, /Content-Type: message\/rfc822; name="?Photos\.eml"?/);
  });

  test('without attachments, and without a word', async () => {
    const number = String(await receive(PARCEL));
    const message = await shown([number, '--forward', '--no-attachments', '-t', 'bob@example.org', '--body', '']);
    assert.deepEqual(
      readByPython(message).parts.map(([type]: string[]) => type),
      ['text/plain'],
    );
    assert.match(message, /\r\n\r\n-{10} Forwarded message/);
  });
});

suite('what a stranger wrote is never an order', () => {
  const EVIL = [
    'Subject: =?utf-8?Q?Hi=0D=0ABcc:=20evil@evil.test?=',
    'Subject: Hi\r\n =?utf-8?B?DQpCY2M6IGV2aWxAZXZpbC50ZXN0?=',
    'Message-ID: <=?utf-8?Q?a=0D=0ABcc:_evil@evil.test?=>',
    'References: =?utf-8?Q?<1@x>=0D=0ABcc:_evil@evil.test?=',
    'In-Reply-To: <a@b>\r\n\t<=?utf-8?B?DQpCY2M6IGV2aWxAZXZpbC50ZXN0?=>',
    'From: =?utf-8?Q?Bob=0D=0ABcc:_evil@evil.test?= <bob@example.org>',
    'From: "Bob\r\n\tBcc: evil@evil.test" <bob@example.org>',
    'From: =?utf-8?Q?=3D=3Futf-8=3FQ=3F=0D=0ABcc:=5Fevil@evil.test=3F=3D?= <bob@example.org>',
    'Disposition-Notification-To: evil@evil.test',
    'List-Unsubscribe: <mailto:evil@evil.test>',
    'Bcc: evil@evil.test',
    'Resent-Bcc: evil@evil.test',
    'Content-Type: text/plain; charset="utf-8\r\n Bcc: evil@evil.test"',
  ];
  for (const field of EVIL) {
    test(JSON.stringify(field), async () => {
      const from = field.startsWith('From:') ? [] : ['From: Bob <bob@example.org>'];
      const number = String(await receive(lines(...from, field, 'To: ann@example.org', '', 'Hello\x1b]0;x\x07\u202e')));
      for (const args of [
        ['--all'],
        ['--forward', '-t', 'bob@example.org'],
        ['--forward', '--as-attachment', '-t', 'bob@example.org'],
      ]) {
        const message = await shown([number, '--body', 'x', ...args]);
        const [header = '', ...body] = message.split('\r\n\r\n');
        const names = header.split('\r\n').flatMap((line) => /^([^ \t:]+):/.exec(line)?.[1] ?? []);
        const allowed = [
          'Date',
          'From',
          'To',
          'Cc',
          'Subject',
          'Message-ID',
          'In-Reply-To',
          'References',
          'MIME-Version',
          'Content-Type',
          'Content-Transfer-Encoding',
        ];
        assert.deepEqual(
          names.filter((name) => !allowed.includes(name)),
          [],
        );
        assert.doesNotMatch(header, /[^\P{Cc}\r\n]/u);
        if (!args.includes('--as-attachment')) assert.doesNotMatch(body.join('\n'), /\x1b|\x07/);
        const { recipients } = await home.json<{ recipients: string[] }>([
          'reply',
          number,
          '--body',
          'x',
          ...args,
          '--dry-run',
        ]);
        assert.deepEqual(recipients, ['bob@example.org']);
      }
    });
  }
});
