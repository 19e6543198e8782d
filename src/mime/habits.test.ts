/** Messages as they are in the wild: each reads the same by `readMessage` whole and in pieces, with the defects it has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Message, readMessage } from './message.ts';
import { stream } from './support.test.ts';

interface Habit {
  readonly message: string;
  readonly expect: unknown;
  readonly see: (message: Message) => unknown;
  readonly defects?: readonly string[];
}

const text = ({ text: found }: Message) => found;
const names = ({ attachments }: Message) => attachments.map(({ fileName }) => fileName);
const MIXED = 'Content-Type: multipart/mixed; boundary=b\r\n\r\n';
const named = (field: string) => `${MIXED}--b\r\n\r\n--b\r\n${field}\r\n\r\nx\r\n--b--\r\n`;

const HABITS: Readonly<Record<string, Habit>> = {
  'lines that end in LF': {
    message: `Subject: a\n b\n${MIXED.replaceAll('\r', '')}--b\n\none\ntwo\n--b--\n`,
    see: ({ subject, text: found }) => [subject, found],
    expect: ['a b', 'one\ntwo'],
  },
  'line ends of both kinds': {
    message: 'Subject: a\nFrom: b@x\r\n\none\r\ntwo\n',
    see: ({ subject, from, text: found }) => [subject, from[0]?.address, found],
    expect: ['a', 'b@x', 'one\ntwo\n'],
  },
  'a CR by itself ends no line and begins no field': {
    message: 'Subject: a\rBcc: evil@x\r\n\r\none\rtwo\r\n',
    see: ({ subject, headers, text: found }) => [subject, headers.raw('bcc'), found],
    expect: ['a Bcc: evil@x', undefined, 'one\rtwo\n'],
  },
  'the line of an mbox before the header': {
    message: 'From ann@x Mon Nov 23 12:00:00 2026\r\nSubject: a\r\n\r\nb',
    see: ({ subject, text: found }) => [subject, found],
    expect: ['a', 'b'],
  },
  'no empty line behind the header': {
    message: 'Subject: a\r\nHello there\r\nbye\r\n',
    see: ({ subject, text: found }) => [subject, found],
    expect: ['a', 'Hello there\nbye\n'],
    defects: ['missing-header-end'],
  },
  'no header': { message: 'Hello there\r\n', see: text, expect: 'Hello there\n', defects: ['missing-header-end'] },
  'no boundary parameter': {
    message: 'Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n',
    see: text,
    expect: '--b\n\nx\n--b--\n',
    defects: ['missing-boundary'],
  },
  'no boundary in the body': {
    message: `${MIXED}x\r\n`,
    see: text,
    expect: 'x\n',
    defects: ['missing-start-boundary'],
  },
  'no boundary at the end': {
    message: `${MIXED}--b\r\n\r\nx\r\n`,
    see: text,
    expect: 'x\n',
    defects: ['missing-end-boundary'],
  },
  'a part that ends in the middle of its header': {
    message: `${MIXED}--b\r\nContent-Type: text/plain\r\n--b\r\n\r\nx\r\n--b--`,
    see: ({ parts, text: found }) => [parts.length, found],
    expect: [2, 'x'],
  },
  'the boundary of the outer within the inner': {
    message: `${MIXED}--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n`,
    see: text,
    expect: 'x',
    defects: ['missing-end-boundary'],
  },
  'a parameter of the type twice': {
    message: 'Content-Type: text/plain; charset=utf-8; charset=utf-16\r\n\r\nx\r\n',
    see: text,
    expect: 'x\n',
    defects: ['duplicate-parameter'],
  },
  'headers in UTF-8': {
    message: Buffer.from('Subject: Grüße\r\nFrom: Jürgen <jürgen@exämple.org>\r\n\r\n').toString('latin1'),
    see: ({ subject, from }) => [subject, from[0]?.name, from[0]?.address],
    expect: ['Grüße', 'Jürgen', 'jürgen@exämple.org'],
  },
  'headers in another charset': {
    message: 'Subject: Gr\xfc\xdfe\r\n\r\n',
    see: ({ subject }) => subject,
    expect: 'Grüße',
  },
  'file names of raw octets': {
    message: named('Content-Disposition: attachment; filename="\xdcbersicht.txt"'),
    see: names,
    expect: ['Übersicht.txt'],
  },
  'file names in raw UTF-8, without quotes': {
    message: named(`Content-Disposition: attachment; filename=${Buffer.from('Übersicht 1.txt').toString('latin1')}`),
    see: names,
    expect: ['Übersicht 1.txt'],
  },
  'file names in encoded-words': {
    message: named('Content-Type: text/csv; name="=?utf-8?q?=C3=9Cbersicht?= =?utf-8?q?_1.csv?="'),
    see: names,
    expect: ['Übersicht 1.csv'],
  },
  'file names in pieces, out of order': {
    message: named(
      'Content-Disposition: attachment;\r\n filename*1*=bersicht;\r\n filename*2=" 1.txt";\r\n filename*0*=utf-8\'\'%C3%9C',
    ),
    see: names,
    expect: ['Übersicht 1.txt'],
  },
  'a group as author': {
    message: 'From: Team: Ann <ann@x>, bob@x;\r\n\r\n',
    see: ({ from }) => from.map(({ group, address }) => [group, address]),
    expect: [
      ['Team', 'ann@x'],
      ['Team', 'bob@x'],
    ],
  },
  'several From fields': {
    message: 'From: ann@x\r\nFrom: bob@x\r\n\r\n',
    see: ({ from }) => from.map(({ address }) => address),
    expect: ['ann@x', 'bob@x'],
  },
};

for (const [name, { message, see, expect, defects = [] }] of Object.entries(HABITS)) {
  test(name, async () => {
    const octets = Buffer.from(message, 'latin1');
    const whole = await readMessage(octets);
    assert.deepEqual(see(whole), expect);
    assert.deepEqual(
      whole.defects.map(({ code }) => code),
      defects,
    );
    for (const size of [1, 2, 3, 17]) assert.deepEqual(await readMessage(stream(octets, [size])), whole, `${size}`);
  });
}
