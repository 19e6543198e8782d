import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { UsageError } from '../errors.ts';
import { makeAddress } from './address.ts';
import { parseRecipient, parseRecipients } from './recipient.ts';
import { compose } from './compose.ts';
import type { Attachment, Draft } from './draft.ts';
import { collect, stream } from './support.test.ts';

const from = parseRecipient('Ann Example <ann@example.org>');
const to = parseRecipients('bob@example.net');
const base: Draft = {
  from,
  to,
  subject: 'Hi',
  text: 'Hello',
  date: new Date('2026-11-23T12:00:00Z'),
  messageId: '<1@x>',
};

const file = (name: string, octets: Uint8Array, more: Partial<Attachment> = {}): Attachment => ({
  name,
  size: octets.length,
  open: () => stream(octets, [10, 70_000]),
  ...more,
});

const bytesOf = async (draft: Draft) => (await collect(compose(draft).chunks())).toString('latin1');
const withoutDate = (text: string) => text.replace(/^Date: .*\r\n/, '');

test('a plain message is as plain as can be', async () => {
  assert.equal(
    withoutDate(await bytesOf({ ...base, text: 'Hello\nbye' })),
    'From: Ann Example <ann@example.org>\r\nTo: bob@example.net\r\nSubject: Hi\r\nMessage-ID: <1@x>\r\n' +
      'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello\r\nbye\r\n',
  );
});

test('a field that is undefined is as one that is left out', async () => {
  const attachment = file('a.pdf', Buffer.from('pdf'));
  const nothing: Partial<Attachment> = { type: undefined, charset: undefined, lines: undefined, inline: undefined };
  const draft: Draft = {
    ...base,
    sender: undefined,
    cc: undefined,
    bcc: undefined,
    replyTo: undefined,
    flowed: undefined,
    html: undefined,
    calendar: undefined,
    headers: undefined,
    inReplyTo: undefined,
    references: undefined,
    attachments: [{ ...attachment, ...nothing, contentId: undefined }],
  };
  const boundaries = /=_\w+/g;
  const [said, left] = await Promise.all([bytesOf(draft), bytesOf({ ...base, attachments: [attachment] })]);
  assert.equal(said.replace(boundaries, 'b'), left.replace(boundaries, 'b'));
  assert.equal((await bytesOf({ from, to, text: undefined, subject: undefined })).match(/Subject/), null);
});

test('the tree is as deep as needed', async () => {
  const image = file('a.png', Buffer.from('png'), { inline: true, contentId: 'a@x' });
  const pdf = file('a.pdf', Buffer.from('pdf'));
  const types = async (draft: Partial<Draft>) =>
    Array.from((await bytesOf({ from, to, ...draft })).matchAll(/^Content-Type: ([^;\r]+)/gm), (match) => match[1]);
  assert.deepEqual(await types({}), ['text/plain']);
  assert.deepEqual(await types({ html: 'h' }), ['text/html']);
  assert.deepEqual(await types({ text: 't', html: 'h' }), ['multipart/alternative', 'text/plain', 'text/html']);
  assert.deepEqual(await types({ html: 'h', attachments: [image] }), ['multipart/related', 'text/html', 'image/png']);
  assert.deepEqual(await types({ attachments: [pdf] }), ['multipart/mixed', 'application/pdf']);
  assert.deepEqual(await types({ text: 't', attachments: [image] }), ['multipart/mixed', 'text/plain', 'image/png']);
  assert.deepEqual(await types({ text: 't', html: 'h', attachments: [pdf, image] }), [
    'multipart/mixed',
    'multipart/alternative',
    'text/plain',
    'multipart/related',
    'text/html',
    'image/png',
    'application/pdf',
  ]);
});

test('messages and multiparts are attached as octets, because base64 is forbidden for them', async () => {
  const text = await bytesOf({ ...base, attachments: [file('a.eml', Buffer.from('Bcc: x@y\r\n\r\n'))] });
  assert.match(text, /Content-Type: application\/octet-stream; name=a\.eml\r\n/);
});

test('Bcc is in the envelope and nowhere else; nobody is named twice', async () => {
  const draft = {
    ...base,
    cc: parseRecipients('BOB@example.net, bob@EXAMPLE.net'),
    bcc: parseRecipients('"Z Secret" <zed@hidden.test>'),
  };
  const message = compose(draft);
  assert.deepEqual(message.envelope, {
    from: 'ann@example.org',
    recipients: ['bob@example.net', 'BOB@example.net', 'zed@hidden.test'],
  });
  const text = (await bytesOf(draft)) + message.headers;
  for (const secret of ['bcc', 'hidden', 'zed', 'secret']) assert.ok(!text.toLowerCase().includes(secret), secret);
});

test('default headers reveal neither host, user, path nor program', () => {
  const { headers, messageId } = compose({ from, to, text: 'x' });
  assert.match(messageId, /^<[0-9a-f]{32}@example\.org>$/);
  assert.deepEqual(
    Array.from(headers.matchAll(/^([^\s:]+):/gm), (match) => match[1]),
    ['Date', 'From', 'To', 'Message-ID', 'MIME-Version', 'Content-Type', 'Content-Transfer-Encoding'],
  );
});

test('can be produced again, with the same bytes and the stated size', async () => {
  const octets = Buffer.alloc(200_000, 'attachment');
  const message = compose({
    ...base,
    text: 'é',
    html: '<b>',
    attachments: [file('a.bin', octets), file('b', Buffer.alloc(0))],
  });
  const first = await collect(message.chunks());
  assert.deepEqual(await collect(message), first);
  assert.equal(message.size, first.length);
  assert.ok(first.toString('latin1').startsWith(`${message.headers}\r\n`));
  const { size: _, ...unsized } = file('c', octets);
  assert.equal(compose({ ...base, attachments: [unsized] }).size, undefined);
});

test('chunks are large, whatever the attachment yields', async () => {
  const attachment = { name: 'a', open: () => stream(Buffer.alloc(400_000), [1000]) };
  const sizes: number[] = [];
  for await (const chunk of compose({ ...base, attachments: [attachment] })) sizes.push(chunk.length);
  assert.ok(sizes.length < 12, String(sizes));
});

test('an attachment that changed ends the message before its last bytes', async () => {
  for (const size of [2, 4, 0]) {
    const message = compose({ ...base, attachments: [file('a', Buffer.from('abc'), { size })] });
    const out: Uint8Array[] = [];
    await assert.rejects(
      async () => {
        for await (const chunk of message) out.push(chunk);
      },
      { code: 'attachment-changed' },
    );
    assert.ok(!Buffer.concat(out).toString().endsWith('--\r\n'));
  }
});

test('UTF-8 local parts, and only they, need SMTPUTF8', () => {
  assert.equal(compose({ ...base, to: parseRecipients('Jürgen <j@exämple.org>') }).needsUtf8, false);
  const utf8 = compose({ ...base, to: parseRecipients('jürgen@exämple.org') });
  assert.equal(utf8.needsUtf8, true);
  assert.equal(utf8.has8bit, true);
  assert.match(utf8.headers, /^To: jürgen@xn--exmple-cua\.org\r$/m);
  const hidden = compose({ ...base, bcc: parseRecipients('jürgen@example.org') });
  assert.deepEqual([hidden.needsUtf8, hidden.has8bit], [true, false]);
});

const HOSTILE = [
  '\r',
  '\n',
  '\r\n',
  '\r\n ',
  '\0',
  '\v',
  '\f',
  '\u0085',
  '\u2028',
  '\u2029',
  '\u007f',
  '\u001b',
  '\ud800',
];

/** Every place a draft has for text from elsewhere. */
const PLACES: readonly [string, (text: string) => Partial<Draft>][] = [
  ['subject', (subject) => ({ subject })],
  ['display name', (name) => ({ to: [makeAddress(name, 'a', 'x.test')] })],
  ['author name', (name) => ({ from: makeAddress(name, 'a', 'x.test') })],
  ['local part', (local) => ({ to: [makeAddress('', local, 'x.test')] })],
  ['domain', (domain) => ({ cc: [makeAddress('', 'a', domain)] })],
  ['bcc', (local) => ({ bcc: [makeAddress('', local, 'x.test')] })],
  ['reply-to', (local) => ({ replyTo: makeAddress('', local, 'x.test') })],
  ['sender', (local) => ({ sender: makeAddress('', local, 'x.test') })],
  ['message id', (messageId) => ({ messageId: `<${messageId}@x>` })],
  ['in-reply-to', (inReplyTo) => ({ inReplyTo: `<${inReplyTo}@x>` })],
  ['references', (id) => ({ references: ['<ok@x>', `<${id}@x>`] })],
  ['header name', (name) => ({ headers: [[name, 'x']] })],
  ['header value', (value) => ({ headers: [['X-Test', value]] })],
  ['file name', (name) => ({ attachments: [file(name, Buffer.from('x'))] })],
  ['type', (type) => ({ attachments: [file('a', Buffer.from('x'), { type: `text/${type}` })] })],
  ['charset', (charset) => ({ attachments: [file('a', Buffer.from('x'), { type: 'text/plain', charset })] })],
  ['list field', (id) => ({ headers: [['List-Unsubscribe', `<mailto:${id}@x.test>`]] })],
  ['content id', (contentId) => ({ attachments: [file('a', Buffer.from('x'), { contentId: `${contentId}@x` })] })],
];

for (const [place, draft] of PLACES) {
  test(`nothing can be injected by the ${place}`, () => {
    for (const hostile of HOSTILE) {
      assert.throws(
        () => compose({ ...base, ...draft(`a${hostile}Bcc: evil@x.test`) }),
        (error) => error instanceof UsageError && /^bad-(?:header|address)$/.test(error.code),
        JSON.stringify(hostile),
      );
    }
  });
}

test('nothing can be injected by the method of a calendar', async () => {
  const calendar = (method: string): string => `BEGIN:VCALENDAR\nMETHOD:${method}\nEND:VCALENDAR\n`;
  for (const evil of [...HOSTILE, ';x="', '"; charset=x', ' ', '\r\nX: ', '\n\t']) {
    // Where the line ends there, the rest is a line of the calendar, which is the body.
    const made = await bytesOf({ ...base, calendar: calendar(`REQ${evil}Bcc: evil@x.test`) }).catch((error) => error);
    if (made instanceof UsageError) continue;
    const headers = Array.from(String(made).matchAll(/^(?:Content-.*\r\n(?: .*\r\n)*)+/gm), ([header]) => header);
    assert.ok(headers.length >= 3 && headers.every((header) => !/evil|Bcc/.test(header)), JSON.stringify(evil));
    assert.match(headers.join(''), /method=REQ\r\n/);
  }
});

test('a boundary is in nothing it encloses, and is no second time the same', async () => {
  const boundaries = new Set<string>();
  let enclosed = 'text';
  for (let turn = 0; turn < 50; turn++) {
    const octets = Buffer.from(`--${enclosed}\r\n--${enclosed}--\r\n`);
    const attachments = [file('a.txt', octets, { type: 'message/rfc822', lines: '7bit' })];
    const text = await bytesOf({ ...base, text: `--${enclosed}\n--${enclosed}--`, html: `--${enclosed}`, attachments });
    const found = Array.from(text.matchAll(/boundary="(=_[0-9a-f]{32})"/g), ([, boundary = '']) => boundary);
    assert.equal(found.length, 2);
    for (const boundary of found) {
      const count = text.split(`--${boundary}`).length - 1;
      assert.equal(count, 3, 'two parts and the end');
      boundaries.add(boundary);
    }
    enclosed = found[0] ?? '';
  }
  assert.equal(boundaries.size, 100);
});

test('nothing is read or fetched because a value names it', () => {
  const named = { name: 'a', path: '/etc/passwd', href: 'http://127.0.0.1/x', raw: 'Bcc: evil@x.test', content: 'x' };
  for (const value of [named, { name: 'a' }, { name: 'a', open: 'data:text/plain,x' }]) {
    assert.throws(() => compose({ ...base, attachments: [value as unknown as Attachment] }), {
      code: 'bad-attachment',
    });
  }
});

test('a draft from JSON gets no recipients and no fields by names such as __proto__', async () => {
  const evil =
    '{"bcc":[{"name":"","local":"evil","domain":"x.test"}],"headers":[["X-Evil","1"]],"messageId":"<evil@x>"}';
  const draft = JSON.parse(`{"__proto__":${evil},"constructor":{"prototype":${evil}},"subject":"Hi","text":"x"}`);
  const person = JSON.parse(
    '{"__proto__":{"group":"g"},"name":"B","local":"b","domain":"x.test","address":"evil@x.test"}',
  );
  const message = compose({ from, to: [person], ...draft });
  assert.deepEqual(message.envelope.recipients, ['b@x.test']);
  assert.doesNotMatch((await collect(message)).toString(), /evil/i);
  assert.equal(({} as { bcc?: unknown }).bcc, undefined);
});

test('headers with a place of their own cannot be set, nor names that are none', () => {
  for (const name of [
    'Bcc',
    'bCC',
    'To',
    'From',
    'Content-Type',
    'content-x',
    'MIME-Version',
    'Received',
    '',
    'a b',
    'a:',
    'ä',
    'x'.repeat(77),
  ]) {
    assert.throws(() => compose({ ...base, headers: [[name, 'x']] }), { code: 'bad-header' }, name);
  }
});

test('a subject keeps its text; a TAB is a space', async () => {
  assert.match(await bytesOf({ ...base, subject: 'a\tb' }), /^Subject: a b\r$/m);
  assert.match(
    await bytesOf({ ...base, subject: '=?utf-8?q?x?=' }),
    /^Subject: =\?UTF-8\?B\?PT91dGYtOD9xP3g\/PQ==\?=\r$/m,
  );
});

test('text of any kind becomes lines that every server takes', async () => {
  const unit = fc.constantFrom(
    'a',
    ' ',
    '\t',
    '\r',
    '\n',
    '\r\n',
    '.',
    'é',
    '日',
    '\0',
    'x'.repeat(500),
    '=',
    '\u2028',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.record(
        {
          subject: fc.string({ unit: fc.constantFrom('a', ' ', 'é', '日本', 'x'.repeat(300), '=?', '"') }),
          text: fc.string({ unit }),
          html: fc.string({ unit }),
          headers: fc.array(
            fc.tuple(fc.constant('X-A'), fc.string({ unit: fc.constantFrom('b', ' ', 'ü', 'y'.repeat(999)) })),
          ),
        },
        { requiredKeys: [] },
      ),
      fc.array(
        fc.tuple(
          fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', ';', 'é', '\u202e', '%', "'") }),
          fc.uint8Array(),
        ),
      ),
      async (texts, files) => {
        const message = compose({ ...base, ...texts, attachments: files.map(([name, octets]) => file(name, octets)) });
        const octets = await collect(message.chunks());
        assert.equal(message.size, octets.length);
        const text = octets.toString('latin1');
        assert.ok(text.endsWith('\r\n'));
        assert.match(text, /^[\t\r\n -~]*$/);
        for (const line of text.split('\r\n')) {
          assert.ok(line.length <= 998);
          assert.doesNotMatch(line, /[\r\n]/);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('header lines are folded at 78 where their words allow it', () => {
  const many = Array.from({ length: 50 }, (_, index) =>
    parseRecipient(`Person Number ${index} <person${index}@example.org>`),
  );
  const { headers } = compose({
    ...base,
    to: many,
    subject: 'grüße '.repeat(40),
    references: many.map((_, i) => `<${i}@x>`),
  });
  for (const line of headers.split('\r\n')) assert.ok(line.length <= 78, line);
});

test('a message in which nothing was encoded is written once, whatever the way takes', () => {
  const plain = compose({ from, to, text: 'plain\n' });
  assert.equal(plain.encode('binary'), plain);
  const encoded = compose({ from, to, text: 'grün\n' });
  assert.notEqual(encoded.encode('8bit'), encoded);
});
