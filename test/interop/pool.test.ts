/** Many messages over a few connections to real servers: each arrives once, whatever a server thinks of connections. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outgoing } from '../../src/smtp/envelope.ts';
import { type PoolOptions, SmtpPool } from '../../src/smtp/pool.ts';
import { startDovecot } from '../support/dovecot.ts';
import { EXIM, startExim } from '../support/exim.ts';
import { interop } from '../support/interop.ts';
import { arrived } from '../support/mail-servers.ts';
import { startPostfix } from '../support/postfix.ts';
import { chunksOf } from '../support/sessions.ts';

const COUNT = 40;
const ENVELOPE = { from: 'ann@example.org', recipients: ['ann@example.org'] };

function message(number: number): Outgoing {
  const text = `From: ann@example.org\r\nSubject: number ${number}.\r\n\r\nHello.\r\n`;
  return { chunks: () => chunksOf(text), size: text.length, exactLines: true };
}

async function sendAll(options: PoolOptions): Promise<void> {
  const pool = new SmtpPool({ ...options, login: { user: 'ann@example.org', password: 'secret' }, queue: 10 });
  const results: Promise<{ outcome: string }>[] = [];
  for (let number = 0; number < COUNT; number++) {
    await pool.ready();
    results.push(pool.send(ENVELOPE, message(number)));
  }
  await pool.close();
  assert.deepEqual(new Set((await Promise.all(results)).map(({ outcome }) => outcome)), new Set(['sent']));
}

function numbers(messages: readonly Buffer[]): number[] {
  return messages.map((each) => Number(/^Subject: number (\d+)\./m.exec(each.toString())?.[1])).sort((a, b) => a - b);
}

const ALL = Array.from({ length: COUNT }, (_, number) => number);

interop('Postfix gets each message once, over two connections', ['dovecot', 'postfix'], async (t) => {
  const dovecot = await startDovecot(t);
  const postfix = await startPostfix(t, { dovecot });
  const { host, ports, caFile } = postfix;
  await sendAll({ host, port: ports.submissions, security: 'implicit', tls: { ca: [await readFile(caFile, 'utf8')] } });
  await arrived(dovecot, COUNT);
  assert.deepEqual(numbers(await dovecot.messages('ann')), ALL);
});

interop('Exim takes seven messages on one connection, and gets the others over new ones', EXIM, async (t) => {
  const exim = await startExim(t, { messagesPerConnection: 7 });
  const { host, ports, caFile } = exim;
  await sendAll({ host, port: ports.smtp, security: 'required', tls: { ca: [await readFile(caFile, 'utf8')] } });
  for (let turn = 0; turn < 500 && (await exim.messages('ann')).length < COUNT; turn++) await sleep(40);
  assert.deepEqual(numbers(await exim.messages('ann')), ALL, exim.log());
  assert.match(exim.log(), /too many messages in one connection|421/i);
});
