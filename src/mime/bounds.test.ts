import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddressList } from './address-list.ts';
import { MAX_FIELD, MAX_FIELDS, MAX_HEADERS } from './header-reader.ts';
import { readMessage } from './message.ts';
import { parseParameterized } from './params.ts';
import { stream } from './support.test.ts';

const codesOf = ({ defects }: { readonly defects: readonly { readonly code: string }[] }) =>
  defects.map(({ code }) => code);
const read = (text: string, sizes?: readonly number[]) => readMessage(stream(Buffer.from(text, 'latin1'), sizes));

test('a field is cut at its bound, wherever the chunks end, and the header goes on', async () => {
  const long = `Subject: ${'x'.repeat(MAX_FIELD)}\r\nTo: ann@example.org\r\n\r\nbody`;
  for (const sizes of [[long.length], [65_536], [100_000, 7]]) {
    const message = await read(long, sizes);
    assert.equal(message.subject.length, MAX_FIELD - 'Subject: '.length);
    assert.deepEqual(
      [message.to[0]?.address, message.text, codesOf(message)],
      ['ann@example.org', 'body', ['header-too-long']],
    );
  }
  const folded = await read(`Subject: x\r\n${` ${'y'.repeat(1e6)}\r\n`.repeat(12)}\r\nbody`);
  assert.ok(folded.subject.length <= MAX_FIELD);
  assert.deepEqual([folded.text, codesOf(folded)], ['body', ['header-too-long']]);
});

test('headers of more than 50 MiB end there, and the part is opaque', async () => {
  const fields = Math.ceil(MAX_HEADERS / 1e6);
  const type = 'Content-Type: multipart/mixed; boundary=b\r\n';
  const message = await read(
    `${type}${`X: ${'x'.repeat(1e6)}\r\n`.repeat(fields)}Y: z\r\n\r\n--b\r\n\r\nhidden\r\n--b--`,
  );
  assert.deepEqual(codesOf(message), ['headers-too-long']);
  assert.deepEqual(
    message.parts.map(({ number, type: of }) => [number, of]),
    [['1', 'multipart/mixed']],
  );
  assert.ok((message.parts[0]?.size ?? 0) > 'Y: z\r\n\r\n--b\r\n\r\nhidden\r\n--b--'.length - 1);
});

test('fields, parts and depth are bounded, and a message at the bound is whole', async () => {
  const fields = (count: number) => read(`${'X: y\r\n'.repeat(count)}\r\nbody`);
  assert.deepEqual(codesOf(await fields(MAX_FIELDS)), []);
  assert.deepEqual(codesOf(await fields(MAX_FIELDS + 1)), ['too-many-fields']);
  const wide = (count: number) =>
    read(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(count)}--b--`);
  const [within, beyond] = [await wide(9999), await wide(10_000)];
  assert.deepEqual([within.parts.length, codesOf(within)], [9999, []]);
  assert.deepEqual([beyond.parts.length, codesOf(beyond)], [9999, ['too-many-parts']]);
  assert.equal(beyond.parts.at(-1)?.size, 'x\r\n--b\r\n\r\nx'.length);
  const deep = (count: number) => read(`${'Content-Type: message/rfc822\r\n\r\n'.repeat(count)}\r\ninnermost`);
  assert.deepEqual(codesOf(await deep(100)), []);
  const opaque = await deep(101);
  assert.deepEqual(codesOf(opaque), ['too-deep']);
  assert.equal(opaque.parts.at(-1)?.type, 'message/rfc822');
});

test('parameters and groups are bounded', () => {
  const parameters = (count: number) =>
    parseParameterized(`a/b${Array.from({ length: count }, (_, at) => `; p${at}=${at}`).join('')}`);
  assert.deepEqual([parameters(1000).params.size, codesOf(parameters(1000))], [1000, []]);
  assert.deepEqual([parameters(1001).params.size, codesOf(parameters(1001))], [1000, ['too-many-parameters']]);
  const groups = Array.from({ length: 60 }, (_, at) => `g${at}:`).join(' ');
  const { addresses, defects } = parseAddressList(`${groups} a@b${';'.repeat(60)}, c@d`);
  assert.deepEqual(
    addresses.map(({ address, group }) => [address, group]),
    [
      ['a@b', 'g49'],
      ['c@d', undefined],
    ],
  );
  assert.ok(defects.every(({ code }) => code === 'nested-group'));
  assert.equal(parseAddressList(`a@b ${'('.repeat(100_000)}x${')'.repeat(100_000)}, c@d`).addresses.length, 2);
});

test('dates that are none are undefined, and a thousand hops change nothing', async () => {
  const dates = [
    '',
    '1 Jan 99999999999 00:00:00 +0000',
    '1 Foo 2026 00:00',
    '32 Jan 2026 00:00:00 Z',
    '1 13 2026 00:00:00',
  ];
  for (const date of dates) {
    const message = await read(
      `Date: ${date}\r\n${'Received: from x by y; Mon, 23 Nov 2026 13:36:00 +0100\r\n'.repeat(9000)}\r\n`,
    );
    assert.deepEqual([message.date, codesOf(message)], [undefined, []], date);
  }
  const { date } = await read('Date: Mon, 23 Nov 2026 13:36:00 +9999\r\n\r\n');
  assert.ok(date === undefined || Number.isFinite(date.getTime()));
});
