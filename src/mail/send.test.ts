import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startLineServer } from '../../test/support/line-server.ts';
import { SmtpReplyError } from '../errors.ts';
import { resolveAccount } from './account.ts';
import { sendMessage } from './send.ts';

const hooks = { say: () => undefined, begin: () => undefined, progress: () => undefined };
const message = {
  envelope: { from: 'ann@example.org', recipients: ['bob@example.org'] },
  messageId: undefined,
  exactLines: true,
  chunks: async function* () {
    yield Buffer.from('Subject: hello\r\n\r\ntext\r\n');
  },
};

async function send(t: TestContext, keywords: string, answer: (line: string, lines: number) => string | undefined) {
  let [lines, inData] = [0, false];
  const server = await startLineServer(t, '220 hi\r\n', (line) => {
    if (line.startsWith('EHLO')) return keywords;
    if (line === 'DATA') inData = true;
    else if (inData) lines += 1;
    return answer(line, lines);
  });
  const surroundings = { env: {}, home: '/nonexistent', uid: undefined };
  const account = await resolveAccount({ smtp: `smtp+insecure://127.0.0.1:${server.port}` }, surroundings);
  return sendMessage(message, account, surroundings, hooks);
}

test('QUIT goes right behind the message, before its answer', async (t) => {
  // The message is answered when QUIT is here: whoever waits for the answer first waits in vain.
  const answer = (line: string, lines: number) => {
    if (line === 'QUIT') return '250 2.0.0 taken\r\n221 bye\r\n';
    if (line === 'DATA') return '354 go on\r\n';
    return lines > 0 ? undefined : '250 ok\r\n';
  };
  const { outcome, reply } = await send(t, '250-fake\r\n250 PIPELINING\r\n', answer);
  assert.deepEqual([outcome, reply?.code, reply?.enhanced], ['sent', 250, '2.0.0']);
});

test('a message that is refused at its end is refused although QUIT went along', async (t) => {
  const answer = (line: string, lines: number) => {
    if (line === 'QUIT') return '554 5.7.1 not this one\r\n221 bye\r\n';
    if (line === 'DATA') return '354 go on\r\n';
    return lines > 0 ? undefined : '250 ok\r\n';
  };
  await assert.rejects(
    send(t, '250-fake\r\n250 PIPELINING\r\n', answer),
    (error) => error instanceof SmtpReplyError && error.message.includes('not this one'),
  );
});

test('a server that takes one command at a time is told QUIT when it has answered', async (t) => {
  const order: string[] = [];
  const answer = (line: string, lines: number) => {
    order.push(line);
    if (line === 'QUIT') return '221 bye\r\n';
    if (line === 'DATA') return '354 go on\r\n';
    if (line === '.') {
      setImmediate(() => order.push('answered'));
      return '250 taken\r\n';
    }
    return lines > 0 ? undefined : '250 ok\r\n';
  };
  assert.equal((await send(t, '250 fake\r\n', answer)).outcome, 'sent');
  assert.deepEqual(order.slice(-3), ['.', 'answered', 'QUIT']);
});
