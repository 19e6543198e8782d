/** The pure parts of an answer: to whom, under which subject, where in the thread, and what is quoted. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compose } from './compose.ts';
import { parseRecipient } from './recipient.ts';
import { unflow } from './flowed.ts';
import { quote, forwarded } from './reply-quote.ts';
import { type ReplyOptions, replyRecipients } from './reply-recipients.ts';
import { forwardSubject, replySubject } from './reply-subject.ts';
import { threadingOf } from './reply-threading.ts';
import { readHeaders, type Summary } from './summary.ts';

const ANN = parseRecipient('ann@example.org');
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

const read = (...fields: string[]): Promise<Summary> => readHeaders(Buffer.from(`${fields.join('\r\n')}\r\n\r\n`));

async function recipients(fields: string[], options: ReplyOptions = {}): Promise<string> {
  const { to, cc, by, elsewhere } = replyRecipients(await read(...fields), { own: [ANN], ...options });
  const list = (of: typeof to): string => of.map(({ address }) => address).join(' ');
  return `${by}: ${list(to)} | ${list(cc)}${elsewhere.length > 0 ? ` ! ${list(elsewhere)}` : ''}`;
}

test('subjects begin with one prefix, whatever programs wrote before', () => {
  const rows = [
    ['Hello', 'Re: Hello', 'Fwd: Hello'],
    ['Re: Re[2]: AW: Antw: SV: Hello', 'Re: Hello', 'Fwd: Re: Re[2]: AW: Antw: SV: Hello'],
    ['RE : re(3):  Hello', 'Re: Hello', 'Fwd: RE : re(3):  Hello'],
    ['回复：Hello', 'Re: Hello', 'Fwd: 回复：Hello'],
    ['WG: FW: Hello', 'Re: WG: FW: Hello', 'Fwd: Hello'],
    ['Release: re', 'Re: Release: re', 'Fwd: Release: re'],
    ['Re:', 'Re:', 'Fwd: Re:'],
    ['', 'Re:', 'Fwd:'],
  ];
  for (const [subject = '', reply, forward] of rows)
    assert.deepEqual([replySubject(subject), forwardSubject(subject)], [reply, forward]);
  const long = replySubject('Re: '.repeat(1_000_000) + '😀'.repeat(1_000_000));
  assert.ok(long.length < 2100 && long.isWellFormed());
});

suite('who gets an answer', () => {
  const BASE = [
    'From: Bob <bob@example.net>',
    'To: ann@example.org, Cid <cid@example.com>',
    'Cc: dan@example.com, ANN@Example.org',
  ];
  const ROWS: [name: string, fields: string[], options: ReplyOptions, expected: string][] = [
    ['the author', BASE, {}, 'From: bob@example.net | '],
    ['everybody but us', BASE, { mode: 'all' }, 'From: bob@example.net | cid@example.com dan@example.com'],
    ['Reply-To at home', [...BASE, 'Reply-To: desk@example.net'], {}, 'Reply-To: desk@example.net | '],
    ['Reply-To elsewhere', [...BASE, 'Reply-To: x@evil.test'], {}, 'Reply-To: x@evil.test |  ! x@evil.test'],
    [
      'the author all the same',
      [...BASE, 'Reply-To: x@evil.test'],
      { ignoreReplyTo: true },
      'From: bob@example.net | ',
    ],
    ['an empty Reply-To', [...BASE, 'Reply-To: '], {}, 'From: bob@example.net | '],
    [
      'Mail-Reply-To first',
      [...BASE, 'Reply-To: l@example.net', 'Mail-Reply-To: b@example.net'],
      {},
      'Mail-Reply-To: b@example.net | ',
    ],
    [
      'Mail-Followup-To',
      [...BASE, 'Mail-Followup-To: l@example.net, cid@example.com, ann@example.org'],
      { mode: 'all' },
      'Mail-Followup-To: l@example.net cid@example.com | ',
    ],
    [
      'Mail-Followup-To elsewhere',
      [...BASE, 'Mail-Followup-To: x@evil.test'],
      { mode: 'all' },
      'Mail-Followup-To: x@evil.test |  ! x@evil.test',
    ],
    [
      'several authors',
      ['From: a@example.net, b@example.net', 'Sender: a@example.net'],
      {},
      'From: a@example.net b@example.net | ',
    ],
    ['two From fields', ['From: a@example.net', 'From: b@example.net'], {}, 'From: a@example.net b@example.net | '],
    ['our own letter', ['From: ann@example.org', 'To: bob@example.net'], {}, 'To: bob@example.net | '],
    [
      'a letter to oneself',
      ['From: ann@example.org', 'To: ann@example.org'],
      { mode: 'all' },
      'From: ann@example.org | ',
    ],
    [
      'a list',
      [...BASE, 'List-Post: <ftp://x>, <mailto:l%2Bx@example.net?bcc=e@evil.test> (all)'],
      { mode: 'list' },
      'List-Post: l+x@example.net | ',
    ],
    ['a list that takes none', [...BASE, 'List-Post: NO'], { mode: 'list' }, 'List-Post:  | '],
    [
      'a list with a break in it',
      [...BASE, 'List-Post: <mailto:l@x%0d%0aBcc:e@evil.test>'],
      { mode: 'list' },
      'List-Post:  | ',
    ],
    [
      'a list with two addresses',
      [...BASE, 'List-Post: <mailto:l@example.net%2Ce@evil.test>'],
      { mode: 'list' },
      'List-Post:  | ',
    ],
    ['nobody', ['From: nobody', 'To: undisclosed-recipients:;'], { mode: 'all' }, 'From:  | '],
    ['no fields', [], {}, 'From:  | '],
    // CVE-2025-13033, and what else two programs read in two ways.
    ['a quoted domain', ['From: "a@evil.test x"@good.test'], {}, 'From: "a@evil.test x"@good.test | '],
    ['text behind the angle', ['From: <a@evil.test>b@good.test'], {}, 'From:  | '],
    ['two domains', ['From: a@evil.test@good.test'], {}, 'From:  | '],
    ['an encoded address', ['From: =?utf-8?Q?a=40evil.test=3E?=@good.test'], {}, 'From:  | '],
    ['a NUL', ['From: a@good.test\0.evil.test'], {}, 'From:  | '],
    ['a comment', ['From: a(@evil.test)@good.test'], {}, 'From: a@good.test | '],
    ['a route', ['From: <@r1,@r2:c@good.test>'], {}, 'From: c@good.test | '],
    ['an option', ['From: -oQ/tmp@good.test'], {}, 'From:  | '],
  ];
  for (const [name, fields, options, expected] of ROWS)
    test(name, async () => assert.equal(await recipients(fields, options), expected));

  test('Bcc never does', async () => {
    const all = await recipients([...BASE, 'Bcc: e@evil.test', 'Resent-To: e@evil.test', 'Delivered-To: e@evil.test'], {
      mode: 'all',
    });
    assert.equal(all, 'From: bob@example.net | cid@example.com dan@example.com');
  });

  test('ten thousand of them are each there once', async () => {
    const many = Array.from({ length: 10_000 }, (_, at) => `u${at}@example.com`).join(', ');
    const summary = await read(`Reply-To: ${many}, u1@EXAMPLE.com`, 'From: bob@example.net', `Cc: ${many}`);
    const { to, cc } = replyRecipients(summary, { mode: 'all', own: [ANN] });
    assert.deepEqual([to.length, cc.length], [10_000, 0]);
  });
});

suite('the place in the thread', () => {
  const rows: [name: string, fields: string[], inReplyTo: string | undefined, references: string][] = [
    ['a first message', ['Message-ID: <1@x>'], '<1@x>', '<1@x>'],
    [
      'an answer',
      ['Message-ID: <3@x>', 'References: <1@x>', ' <2@x>', 'In-Reply-To: <2@x>'],
      '<3@x>',
      '<1@x> <2@x> <3@x>',
    ],
    ['In-Reply-To alone', ['Message-ID: <3@x>', 'In-Reply-To: <2@x>'], '<3@x>', '<2@x> <3@x>'],
    ['In-Reply-To of two', ['Message-ID: <3@x>', 'In-Reply-To: <2@x> <1@x>'], '<3@x>', '<3@x>'],
    ['no id', ['References: <1@x>'], undefined, '<1@x>'],
    ['nothing', ['Subject: x'], undefined, ''],
    ['ids twice', ['Message-ID: <1@x>', 'References: <1@x> <2@x> <2@x>'], '<1@x>', '<2@x> <1@x>'],
    ['no ids', ['Message-ID: 1@x', 'References: x <a b@x> <>'], undefined, ''],
    [
      'an encoded-word',
      ['Message-ID: <=?utf-8?Q?a=0D=0ABcc:_e@evil.test?=>', 'References: =?utf-8?Q?<1@x>=0D=0ABcc:e?='],
      undefined,
      '<1@x>',
    ],
    ['too long', [`Message-ID: <${'a'.repeat(600)}@x>`], undefined, ''],
  ];
  for (const [name, fields, inReplyTo, references] of rows) {
    test(name, async () => {
      const threading = threadingOf(await read(...fields));
      assert.deepEqual([threading.inReplyTo, (threading.references ?? []).join(' ')], [inReplyTo, references]);
    });
  }

  test('of a long thread the first and the last ones are named', async () => {
    const ids = Array.from({ length: 5000 }, (_, at) => `<${at}@x>`);
    const { references = [] } = threadingOf(await read(`References: ${ids.join(' ')}`, 'Message-ID: <new@x>'));
    assert.deepEqual(
      [references.length, references[0], references.at(-1), references[1]],
      [30, '<0@x>', '<new@x>', '<4972@x>'],
    );
  });
});

suite('what is quoted', () => {
  const FROM = { from: [parseRecipient('Bob <bob@example.net>')], date: new Date(2026, 0, 5, 10, 11) };

  test('says who wrote it, marks it once more and leaves the signature out', () => {
    const text = 'Hi\n\n> old\n>> older\n> > too\n  code\n\n-- \nBob\nBoss\n';
    assert.equal(
      quote(FROM, text),
      'On 2026-01-05 10:11, Bob <bob@example.net> wrote:\n> Hi\n>\n>> old\n>>> older\n>>> too\n>   code\n',
    );
    assert.equal(quote({ from: [], date: undefined }, 'x'), 'Somebody wrote:\n> x\n');
    assert.equal(quote({ ...FROM, date: new Date(Number.NaN) }, 'x'), 'Bob <bob@example.net> wrote:\n> x\n');
    assert.equal(quote(FROM, ' \n'), '');
    assert.equal(quote(FROM, undefined), '');
  });

  test('is broken at spaces where a line is a paragraph', () => {
    const lines = quote(FROM, `> ${'word '.repeat(60)}\n${'x'.repeat(300)}`)
      .trimEnd()
      .split('\n')
      .slice(1);
    assert.ok(lines.slice(0, -1).every((line) => line.startsWith('>> word') && line.length < 78));
    assert.equal(lines.at(-1), `> ${'x'.repeat(300)}`);
  });

  test('flowed text is read as paragraphs', () => {
    assert.equal(
      unflow('one \ntwo\n> three \n> four\n>> five \n\n From \nthe\n-- \nBob'),
      'one two\n> three four\n>> five \n\nFrom the\n-- \nBob',
    );
    assert.equal(unflow('on \ne', true), 'one');
  });

  test('a long text is passed on whole', () => {
    const text = 'a line of a long report\n'.repeat(20_000);
    assert.ok(forwarded({ ...FROM, to: [], cc: [], subject: '' }, text).endsWith(`\n\n${text}`));
  });

  test('a forwarded message has its header above it', () => {
    const message = { ...FROM, to: [ANN], cc: [], subject: 'Hi\r\nBcc: x' };
    assert.equal(
      forwarded(message, 'text\r\n'),
      '---------- Forwarded message ----------\nFrom: Bob <bob@example.net>\nTo: ann@example.org\nDate: 2026-01-05 10:11\nSubject: Hi Bcc: x\n\ntext\n',
    );
  });

  test('is lines of text of bounded length, whatever is in it', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('\r', '\x1b[2J', '\u2028', '\x85', '> ', '-- \n', '\ud800'),
    );
    fc.assert(
      fc.property(
        fc.array(unit).map((parts) => parts.join('')),
        (text) => {
          for (const out of [quote(FROM, text), forwarded({ ...FROM, to: [], cc: [], subject: text }, text)]) {
            assert.doesNotMatch(out.replaceAll(/[\n\t]/g, ''), CONTROL);
            assert.ok(out.isWellFormed());
          }
          assert.ok(
            quote(FROM, text)
              .split('\n')
              .slice(1, -1)
              .every((line) => line.startsWith('>')),
          );
        },
      ),
    );
    assert.ok(quote(FROM, 'x y\n'.repeat(1_000_000)).length < 300_000);
    assert.match(quote(FROM, 'x y\n'.repeat(1_000_000)), /\n> \[…\]\n$/);
  });
});

test('what a stranger put into any field is one field of the answer, or is left out', async () => {
  const piece = fc.constantFrom(
    ...'=?utf-8?Q?Hi=0D=0ABcc:=20evil@evil.test?=|<a@b.test>|<=?utf-8?B?PDFAeD4NCkJjYzogZQ==?=>|Ann|"x\\\r\n y"|,|;|:|@|evil@evil.test|=0D=0A|\0|\x85|(c)|=?utf-8?Q?=E2=80=A8?=|é|\t|=?utf-8?q?=3D=3Futf-8=3Fq=3F=0D=0AX=3F=3D?='.split(
      '|',
    ),
  );
  const value = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(' '));
  const fields = fc.record({
    From: value,
    'Reply-To': value,
    To: value,
    Cc: value,
    Subject: value,
    'Message-ID': value,
    References: value,
    'In-Reply-To': value,
  });
  await fc.assert(
    fc.asyncProperty(fields, async (said) => {
      const lines = Object.entries(said).map(([name, text]) => `${name}: ${text}`);
      const summary = await read(...lines);
      const { to, cc } = replyRecipients(summary, { mode: 'all', own: [ANN] });
      const { headers } = compose({
        from: ANN,
        to: [...to, parseRecipient('cid@example.com')],
        cc,
        subject: replySubject(summary.subject),
        ...threadingOf(summary),
      });
      const names = headers.split('\r\n').flatMap((line) => /^([^ \t:]+):/.exec(line)?.[1] ?? []);
      const allowed =
        'Date From To Cc Subject Message-ID In-Reply-To References MIME-Version Content-Type Content-Transfer-Encoding'.split(
          ' ',
        );
      assert.deepEqual(
        names,
        allowed.filter((name) => names.includes(name)),
      );
      assert.doesNotMatch(headers.replaceAll('\r\n', ''), CONTROL);
    }),
    { numRuns: 300 },
  );
});
