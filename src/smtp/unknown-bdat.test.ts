/**
 * A server, or a filter before it, that announces CHUNKING and does not know BDAT: it reads what is behind it as commands.
 * The messages hold commands that would send others; none of these is ever obeyed, wherever the connection is cut.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reason, settled } from '../../test/support/peer.ts';
import { chunksOf, smtpWithPeer } from '../../test/support/sessions.ts';
import { type Cut, CutServer } from '../../test/support/sweep.ts';
import { ConnectionLostError, PosthornError } from '../errors.ts';
import { SmtpClient } from './client.ts';

const SMUGGLED = 'RSET\r\nMAIL FROM:<ann@example.org>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\nBuy!\r\n';
const END = '\r\n.\r\n';

interface Taken {
  readonly recipient: string;
  readonly text: string;
}

/** Knows every command but BDAT. `taken` is what it took by DATA. */
function server(cut: Cut, pipelining: boolean): { server: CutServer; taken: Taken[] } {
  const taken: Taken[] = [];
  let [inMessage, recipient] = [false, ''];
  const answers: Readonly<Record<string, string>> = {
    EHLO: `250-mail.test\r\n${pipelining ? '250-PIPELINING\r\n' : ''}250 CHUNKING\r\n`,
    DATA: '354 go on\r\n',
    MAIL: '250 ok\r\n',
    RCPT: '250 ok\r\n',
    RSET: '250 ok\r\n',
    QUIT: '221 bye\r\n',
  };
  const answer = (received: string): { answer: string; octets: number } | undefined => {
    const end = received.indexOf(inMessage ? END : '\r\n');
    if (end < 0) return undefined;
    const line = received.slice(0, end);
    if (inMessage) {
      inMessage = false;
      taken.push({ recipient, text: line });
      return { answer: '250 taken\r\n', octets: end + END.length };
    }
    const verb = line.slice(0, 4);
    inMessage = verb === 'DATA';
    if (verb === 'RCPT') recipient = line.slice('RCPT TO:<'.length, -1);
    return { answer: answers[verb] ?? '502 5.5.1 command not recognized\r\n', octets: end + 2 };
  };
  return { server: new CutServer('220 mail.test\r\n', answer, cut), taken };
}

/** Three messages at once, and what became of each. */
async function play({ channel }: CutServer): Promise<string[]> {
  const client = await SmtpClient.over(channel, { host: '', port: 0, security: 'none' }).catch(() => undefined);
  if (client === undefined) return ['not-sent', 'not-sent', 'not-sent'];
  const fates = ['b', 'c', 'd'].map(async (name, at) => {
    const text = `${at}: ${name}\r\n${SMUGGLED}`;
    const message = { chunks: () => chunksOf(text), size: at === 1 ? undefined : text.length, exactLines: true };
    const error = await reason(client.send({ from: 'a@example.org', recipients: [`${name}@example.org`] }, message));
    if (error === undefined) return 'sent';
    assert.ok(error instanceof ConnectionLostError);
    return error.outcome;
  });
  const all = await Promise.all(fates);
  await client.quit();
  return all;
}

for (const pipelining of [true, false]) {
  test(`BDAT is not known, ${pipelining ? 'pipelined' : 'one command at a time'}: all goes by DATA, once`, async () => {
    const whole = server({}, pipelining);
    assert.deepEqual(await play(whole.server), ['sent', 'sent', 'sent']);
    assert.deepEqual(
      whole.taken.map(({ recipient }) => recipient),
      ['b@example.org', 'c@example.org', 'd@example.org'],
    );
    assert.equal(whole.server.wire.match(/BDAT/g)?.length, 1);
    for (let received = 0; received <= whole.server.wire.length; received++) {
      const { server: cut, taken } = server({ received }, pipelining);
      const fates = await play(cut);
      assert.ok(!taken.some(({ recipient, text }) => recipient.startsWith('victim') || text === 'Buy!'));
      for (const [at, name] of ['b', 'c', 'd'].entries()) {
        const times = taken.filter(({ recipient }) => recipient === `${name}@example.org`).length;
        if (fates[at] === 'sent') assert.equal(times, 1, `cut at ${received}`);
        if (fates[at] === 'not-sent') assert.equal(times, 0, `cut at ${received}`);
        assert.ok(times <= 1, `cut at ${received}`);
      }
    }
  });
}

test('without CHUNKING by choice, no BDAT is ever said', async () => {
  const { server: whole, taken } = server({}, true);
  const client = await SmtpClient.over(whole.channel, { host: '', port: 0, security: 'none', chunking: false });
  assert.ok(!client.capabilities.has('CHUNKING'));
  await client.send({ from: '', recipients: ['b@example.org'] }, { chunks: () => chunksOf('hi\r\n'), size: 4 });
  await client.quit();
  assert.doesNotMatch(whole.wire, /BDAT/);
  assert.deepEqual(taken, [{ recipient: 'b@example.org', text: 'hi' }]);
});

test('a source that can be read only once is enough', async () => {
  const { server: whole, taken } = server({}, true);
  const client = await SmtpClient.over(whole.channel, { host: '', port: 0, security: 'none' });
  const source = chunksOf('x\r\n', 'y\r\n');
  await client.send({ from: '', recipients: ['b@example.org'] }, { chunks: () => source });
  await client.quit();
  assert.deepEqual(taken, [{ recipient: 'b@example.org', text: 'x\r\ny' }]);
});

test('a message that is shorter than was said goes to nobody, by DATA as by BDAT', async () => {
  const { server: whole, taken } = server({}, true);
  const client = await SmtpClient.over(whole.channel, { host: '', port: 0, security: 'none' });
  const short = { chunks: () => chunksOf('hi\r\n'), size: 5, exactLines: true };
  const error = await reason(client.send({ from: '', recipients: ['b@example.org'] }, short));
  assert.equal((error as { code?: string }).code, 'message-changed');
  assert.ok(!whole.wire.endsWith('\r\n.\r\n'));
  assert.deepEqual(taken, []);
});

for (const [name, answer] of [
  ['refuses it in other words', '550 no such thing\r\n'],
  ['hangs up', undefined],
] as const) {
  test(`a filter that ${name} over the first chunk: nothing was sent, and the error says what to try`, async () => {
    const { client, peer } = await smtpWithPeer('250-mail.test\r\n250-CHUNKING\r\n250 PIPELINING\r\n');
    const fate = reason(client.send({ from: '', recipients: ['b@example.org'] }, { chunks: () => chunksOf('x\r\n') }));
    await settled();
    await peer.says('250 ok\r\n250 ok\r\n');
    if (answer === undefined) await peer.ends();
    else for (const reply of [answer, '500 xRSET?\r\n']) await peer.says(reply);
    const error = await fate;
    assert.ok(error instanceof PosthornError);
    assert.match(error.hint ?? '', /--no-chunking/);
    if (error instanceof ConnectionLostError) assert.equal(error.outcome, 'not-sent');
    assert.ok(!client.open);
  });
}
