import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../errors.ts';
import { type RawRequest, spoolRaw } from './raw.ts';

async function spooled(text: string, request: RawRequest = {}, from?: string) {
  const source = async function* () {
    yield Buffer.from(text, 'latin1');
  };
  const message = await spoolRaw(source(), request, from);
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of message.chunks()) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    assert.equal(bytes.length, message.size);
    return { ...message, text: bytes.toString('latin1') };
  } finally {
    await message.remove();
  }
}

const refused = (code: string) => (error: unknown) => error instanceof UsageError && error.code === code;

test('no byte of a Bcc is left, however it is written', async () => {
  for (const bcc of [
    'Bcc: s@example.org',
    'bCC \t:\n s@example.org',
    'Bcc: s@example.org,\n\tt@example.org\nBCC:u@example.org',
  ]) {
    const { text, envelope } = await spooled(`From: a@example.org\n${bcc}\nTo: b@example.org\n\nBcc: in the text\n`);
    assert.equal(text, 'From: a@example.org\r\nTo: b@example.org\r\n\r\nBcc: in the text\r\n');
    assert.equal(envelope.recipients[1], 's@example.org');
  }
  const passedOn = 'From: a@example.org\nTo: b@example.org\nResent-Bcc: s@example.org\n\n';
  const { text, envelope } = await spooled(passedOn, { to: ['c@example.org'] });
  assert.deepEqual(
    [text, envelope.recipients],
    ['From: a@example.org\r\nTo: b@example.org\r\n\r\n', ['c@example.org']],
  );
  await assert.rejects(spooled(passedOn), refused('no-recipient'));
});

test('the envelope is what the header names: folded, in groups, each once', async () => {
  const to = async (header: string) => (await spooled(`From: a@example.org\n${header}\n\n`)).envelope.recipients;
  assert.deepEqual(await to('To: b@example.org,\n\tC <c@example.org>\nCc: B@example.org, b@EXAMPLE.org'), [
    'b@example.org',
    'c@example.org',
    'B@example.org',
  ]);
  assert.deepEqual(await to('To: undisclosed-recipients:;\nBcc: b@example.org'), ['b@example.org']);
  assert.deepEqual(await to('To: Friends: b@example.org, c@example.org;'), ['b@example.org', 'c@example.org']);
  await assert.rejects(to('To: b(@evil.example)@example.org'), refused('bad-address'));
  await assert.rejects(to('To: undisclosed-recipients:;'), refused('no-recipient'));
});

test('the sender is who was named beside the message, else Sender, else From; nobody is an error', async () => {
  const message = 'From: a@example.org,\n\tb@example.org\nSender: b@example.org\nTo: c@example.org\n\n';
  assert.equal((await spooled(message)).envelope.from, 'b@example.org');
  assert.equal((await spooled(message, {}, 'd@example.org')).envelope.from, 'd@example.org');
  assert.equal((await spooled(message, { from: 'E <e@example.org>' }, 'd@example.org')).envelope.from, 'e@example.org');
  await assert.rejects(spooled('To: c@example.org\n\n'), refused('no-sender'));
  await assert.rejects(spooled(message.replace(/Sender.*\n/, '')), refused('bad-address'));
});

test('what is not ASCII is announced, where it stands', async () => {
  const flags = async (text: string) => {
    const { needsUtf8, has8bit } = await spooled(`From: a@example.org\nTo: b@example.org\n${text}`);
    return [needsUtf8, has8bit];
  };
  assert.deepEqual(await flags('\nplain\n'), [false, false]);
  assert.deepEqual(await flags('\n\xc3\xa4\n'), [false, true]);
  assert.deepEqual(await flags('Subject: \xc3\xa4\n\n'), [true, true]);
});

test('a message that is none, or whose header never ends, is refused', async () => {
  for (const text of ['', 'hello\n', '\nhello\n', `From: a@b.example\nX: ${'x'.repeat(1_200_000)}`])
    await assert.rejects(spooled(text), UsageError);
  const endless = `From: a@example.org\nTo: b@example.org\n${'X: y\n'.repeat(20_000)}\n`;
  await assert.rejects(spooled(endless), refused('bad-message'));
});
