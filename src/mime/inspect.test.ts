/** Attachments before they are attached: their types, and messages that go as messages. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseRecipient } from './recipient.ts';
import { compose } from './compose.ts';
import type { Attachment, Draft } from './draft.ts';
import { inspectAttachment } from './inspect.ts';
import { readMessage } from './message.ts';
import { collect, stream } from './support.test.ts';

const BASE: Draft = { from: parseRecipient('ann@example.org'), text: 'See below.' };

function file(name: string, content: string | Buffer, more: Partial<Attachment> = {}): Attachment {
  const octets = Buffer.from(content);
  return { name, size: octets.length, open: () => stream(octets, [3, 1000]), ...more };
}

async function typeOf(attachment: Attachment): Promise<string> {
  const { type, charset, lines } = await inspectAttachment(attachment);
  return [type, charset, lines].filter((each) => each !== undefined).join(' ');
}

suite('an attachment', () => {
  test('is what its name says, and what it holds where the name says nothing', async () => {
    assert.equal(await typeOf(file('a.pdf', '\x89PNG\r\n\x1a\n')), '');
    assert.equal(await typeOf(file('scan', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))), 'image/png');
    assert.equal(await typeOf(file('README', 'Größe')), 'text/plain utf-8');
    assert.equal(await typeOf(file('notes.txt', Buffer.from([0xe9, 0x74]))), 'text/plain');
    assert.equal(await typeOf(file('data.csv', 'a,ü\n')), 'text/csv utf-8');
    assert.equal(await typeOf(file('blob', Buffer.from([0, 1, 2]))), 'application/octet-stream');
    assert.equal(await typeOf(file('scan', '%PDF-', { type: 'image/png' })), 'image/png');
  });

  test('that is a message goes as one, its lines made CRLF and its Bcc gone', async () => {
    const inner =
      'Subject: inner\nbcc: eve@example.org,\n\tmallory@example.org\nTo: bob@example.net\n\nHello\n.\nFrom me';
    const attached = await inspectAttachment(file('a.eml', inner));
    const sent = (await collect(attached.open())).toString();
    assert.equal(sent, 'Subject: inner\r\nTo: bob@example.net\r\n\r\nHello\r\n.\r\nFrom me');
    assert.deepEqual([attached.type, attached.lines, attached.size], ['message/rfc822', '7bit', sent.length]);
    const whole = await collect(compose({ ...BASE, attachments: [attached] }));
    assert.equal(whole.length, compose({ ...BASE, attachments: [attached] }).size);
    assert.match(
      whole.toString(),
      /^Content-Type: message\/rfc822; name=a\.eml\r\nContent-Transfer-Encoding: 7bit\r\n/m,
    );
    assert.ok(whole.includes(sent));
    assert.ok(!/mallory|eve@/.test(whole.toString()));
    const { parts } = await readMessage(stream(whole));
    assert.ok(parts.some(({ type }) => type === 'message/rfc822'));
  });

  test('that is a message in 8bit is one where the way takes that, and a file where not', async () => {
    const attachments = [await inspectAttachment(file('a.eml', 'Subject: x\r\n\r\nGrüße\r\n'))];
    const message = compose({ ...BASE, attachments });
    const [narrow, wide] = [await collect(message), await collect(message.encode('8bit'))];
    assert.match(narrow.toString(), /application\/octet-stream; name=a\.eml\r\nContent-Transfer-Encoding: base64/);
    assert.match(wide.toString(), /message\/rfc822; name=a\.eml\r\nContent-Transfer-Encoding: 8bit/);
    assert.deepEqual([message.has8bit, message.encode('8bit').has8bit], [false, true]);
  });

  test('that only has the name of a message, or could not travel as one, is a file', async () => {
    for (const content of ['', 'no header\n', `A: b\n\n${'x'.repeat(999)}\n`, 'A: b\n\n\0', 'From a b\nA: b\n\n']) {
      assert.equal(await typeOf(file('a.eml', content)), 'application/octet-stream', JSON.stringify(content));
    }
    assert.equal(await typeOf(file('a.eml', `A: b\n\n${'x'.repeat(998)}\n`)), 'message/rfc822 7bit');
  });

  test('of lines that turn out to be none ends the message before its end', async () => {
    for (const lie of [
      'A: b\r\n\r\nx\n.\nMAIL',
      'A: b\r\n\r\nü\r\n',
      `A: b\r\n\r\n${'x'.repeat(999)}`,
      'A: b\r\n\r\nx\r',
    ]) {
      const attachments = [file('a.eml', lie, { type: 'message/rfc822', lines: '7bit' })];
      const out: Uint8Array[] = [];
      const read = async (): Promise<void> => {
        for await (const chunk of compose({ ...BASE, attachments })) out.push(chunk);
      };
      await assert.rejects(read, { code: 'attachment-changed' });
      assert.ok(
        !Buffer.concat(out).toString().includes('\n.\nMAIL') && !Buffer.concat(out).toString().endsWith('--\r\n'),
      );
    }
  });

  test('of any octets comes to what it says of itself', async () => {
    const name = fc.constantFrom('a.eml', 'a.txt', 'a', 'a.pdf');
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
      fc
        .array(fc.constantFrom('A: b', 'Bcc: x', '\n', '\r\n', '\r', '', ' ', 'é', '\0'), { maxLength: 20 })
        .map((pieces) => Buffer.from(`S: t\n${pieces.join('')}`)),
    );
    await fc.assert(
      fc.asyncProperty(name, content, async (called, octets) => {
        const attached = await inspectAttachment(file(called, octets));
        const sent = await collect(attached.open());
        assert.equal(attached.size, sent.length);
        if (attached.lines === undefined) assert.deepEqual(sent, octets);
        const message = compose({ ...BASE, attachments: [attached] });
        for (const kind of ['7bit', '8bit', 'binary'] as const) {
          const form = message.encode(kind);
          assert.equal((await collect(form)).length, form.size);
        }
      }),
      { numRuns: 100 },
    );
  });
});

suite('an invitation', () => {
  const calendar =
    'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n';

  test('stands beside the text with its method, and as a file', async () => {
    const text = (await collect(compose({ ...BASE, html: '<p>See', calendar }))).toString();
    const types = Array.from(text.matchAll(/^Content-Type: ((?:.|\r\n )*?)(?:; boundary.*)?$/gm), ([, type]) => type);
    assert.deepEqual(
      types.slice(1),
      [
        'multipart/alternative;',
        'text/plain; charset=utf-8',
        'text/html; charset=utf-8',
        'text/calendar; charset=utf-8; method=REQUEST',
        'application/ics; name=invite.ics',
      ].map((type, at) => (at === 0 ? types[1] : type)),
    );
    const { attachments } = await readMessage(stream(Buffer.from(text)));
    assert.ok(attachments.some(({ fileName }) => fileName === 'invite.ics'));
  });

  test('may be folded anywhere, and has no method where the object has none', async () => {
    const method = async (object: string): Promise<string | undefined> => {
      const text = (await collect(compose({ ...BASE, calendar: object }))).toString();
      return /text\/calendar; charset=utf-8(?:; method=(\S+))?/.exec(text)?.[1];
    };
    assert.equal(await method(calendar.replace('REQUEST', 'REQ\r\n UEST')), 'REQUEST');
    assert.equal(await method(calendar.replace(/\r\n/g, '\n').toLowerCase()), 'REQUEST');
    assert.equal(await method(calendar.replace('METHOD:REQUEST\r\n', '')), undefined);
    for (const bad of ['', 'hello', calendar.replace('REQUEST', 'a;b="c"'), calendar.replace('END:VCALENDAR', '')]) {
      assert.throws(() => compose({ ...BASE, calendar: bad }), { code: 'bad-calendar' });
    }
  });
});
