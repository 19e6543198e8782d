/** A draft as it is edited: written, read back, and refused with the line that is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeAddress } from './address.ts';
import { parseRecipients } from './recipient.ts';
import { type DraftText, readDraft, typedAddress, withoutNotes, writeDraft } from './draft-text.ts';

const DRAFT: DraftText = {
  from: 'Ann <ann@example.org>',
  to: ['bob@example.net'],
  cc: [],
  bcc: [],
  replyTo: undefined,
  subject: 'Re: Hello',
  headers: ['X-Priority: 1'],
  text: '# not a note\n\n> Hi\n',
};

test('is read back as it was written, without the notes', () => {
  const content = writeDraft(DRAFT, ['wrong\nSubject: x']);
  assert.equal(
    content,
    '# wrong Subject: x\nFrom: Ann <ann@example.org>\nTo: bob@example.net\nCc:\nSubject: Re: Hello\nX-Priority: 1\n\n# not a note\n\n> Hi\n',
  );
  assert.deepEqual(readDraft(content), DRAFT);
  assert.equal(withoutNotes(content), writeDraft(DRAFT));
  assert.deepEqual(readDraft(content.replaceAll('\n', '\r\n')), DRAFT);
});

test('recipients may stand on lines of their own, and in several fields', () => {
  const to = Array.from({ length: 30 }, (_, at) => `user${at}@example.org`);
  const again = readDraft(writeDraft({ ...DRAFT, to }));
  assert.deepEqual(
    again.to.flatMap((text) => parseRecipients(text)).map(({ address }) => address),
    to,
  );
  assert.deepEqual(readDraft('To: a@x\ncc: b@x\nTO: c@x,\n\td@x\n\n').to, ['a@x', 'c@x, d@x']);
});

test('what is wrong is told with its line', () => {
  const rows: [content: string, says: RegExp][] = [
    ['', /no empty line/],
    ['To: a@x', /no empty line/],
    ['# note\nhello\n\n', /Line 2 is no header field/],
    ['To: a@x\nBad Name: x\n\n', /Line 2 is no header field/],
    [' To: a@x\n\n', /Line 1 begins with a space/],
    ['Subject: a\nsubject: b\n\n', /Line 2: Subject stands there twice/],
    ['From: a@x\nFrom: b@x\n\n', /Line 2: From stands there twice/],
  ];
  for (const [content, says] of rows) assert.throws(() => readDraft(content), { code: 'bad-draft', message: says });
});

test('no value ends its line, and every name is read back or left out', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  fc.assert(
    fc.property(text, text, text, (subject, note, name) => {
      const content = writeDraft({ ...DRAFT, subject, headers: [] }, [note]);
      assert.equal(content.split('\n').length, 10);
      assert.equal(readDraft(content).text, DRAFT.text);
      const clean = name.replaceAll(/[\p{Cc}\u2028\u2029]/gu, '').toWellFormed();
      const [back, ...more] = parseRecipients(typedAddress(makeAddress(clean, 'bob', 'example.net')));
      assert.deepEqual([back?.address, more], ['bob@example.net', []]);
    }),
  );
});
