/**
 * A fetch with deletion from Dovecot, killed at random moments again and again until everything is here: the messages
 * are then exactly those that were on the server, hash by hash, and the server has none.
 *
 * By default 400 messages and 40 kills; `POSTHORN_KILLS=all` makes it 2,000 and 200.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { arrived, pop3Url, servedBy } from '../support/mail-servers.ts';
import { ended, makeHome } from '../support/program.ts';
import { random } from '../support/random.ts';

const [MESSAGES, KILLS] = process.env['POSTHORN_KILLS'] === 'all' ? [2_000, 200] : [400, 40];
const SEED = Number(process.env['POSTHORN_SEED'] ?? Date.now() % 1_000_000);
/** A run that has so little left to do is over before it can be killed: it gets something to do again. */
const FEW = MESSAGES / 10;

const hashes = (messages: readonly Uint8Array[]): string[] =>
  messages.map((bytes) => createHash('sha256').update(bytes).digest('hex')).sort();

interop(`${MESSAGES} messages, ${KILLS} kills at random moments`, ['dovecot'], async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const next = random(SEED);
  const dovecot = await startDovecot(t, { tls: false });
  const home = await makeHome(t, { ...servedBy(dovecot), POSTHORN_POP3: pop3Url(dovecot, '+insecure') });
  const original: string[] = [];
  const deliver = async (count: number): Promise<void> => {
    for (let each = 0; each < count; each += 1) {
      const at = original.length + 1;
      const message = `Subject: message ${at}\r\n\r\n${`line of ${at}\r\n`.repeat(1 + Math.floor(next() ** 6 * 3_000))}`;
      original.push(createHash('sha256').update(message).digest('hex'));
      await dovecot.deliver('ann', message);
    }
  };
  // In portions, so that there is something to be killed at from the first kill to the last.
  const portion = Math.ceil(MESSAGES / 10);
  await deliver(portion);
  /** How long a whole fetch takes here: the kills are spread over that time. */
  let usual = 400;
  let [kills, runs] = [0, 0];
  for (; kills < KILLS; runs += 1) {
    assert.ok(runs < 5 * KILLS, `only ${kills} of ${runs} runs could be killed`);
    const child = home.start(['fetch', '--delete', '-q']);
    const end = ended(child);
    const started = performance.now();
    await Promise.race([sleep(next() * usual * 1.2), end]);
    child.kill('SIGKILL');
    const { code, stderr } = await end;
    assert.ok(code === -1 || code === 0 || /IN-USE|using this mailbox|already/i.test(stderr), stderr);
    if (code === -1) kills += 1;
    if (code === 0) usual = Math.max(150, performance.now() - started);
    if ((await dovecot.messageCount('ann')) < FEW && original.length < MESSAGES)
      await deliver(Math.min(portion, MESSAGES - original.length));
  }
  t.diagnostic(
    `${runs} runs, ${kills} killed, ${original.length - (await dovecot.messageCount('ann'))} messages gone there`,
  );
  await deliver(MESSAGES - original.length);
  // Dovecot may still be busy with the session of the one that was killed last.
  for (let wait = 0; wait < 100; wait += 1) {
    const { code, stderr } = await home.posthorn(['fetch', '--delete', '-q']);
    if (code === 0) break;
    assert.equal(code, 75, stderr);
    await sleep(100);
  }
  assert.deepEqual(hashes(await home.stored()), original.sort());
  await arrived(dovecot, 0);
});
