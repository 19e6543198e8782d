/**
 * What POP3 has beyond the daily round, against servers of other people: what is announced in clear, under TLS and
 * behind a login, APOP by name alone, and a session that is kept alive.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestContext } from 'node:test';
import { Pop3Client } from '../../src/pop3/client.ts';
import { type Dovecot, startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { pop3Url, servedBy } from '../support/mail-servers.ts';
import { MAILUTILS, startMailutils } from '../support/mailutils.ts';
import { makeHome } from '../support/program.ts';

const APOP = ['plain', 'login', 'apop'];
const ANN = { user: 'ann', password: 'secret' };

async function connect(t: TestContext, { host, ports, caFile }: Dovecot, security: 'implicit' | 'required' | 'none') {
  const said: string[] = [];
  const client = await Pop3Client.connect({
    host,
    port: security === 'implicit' ? ports.pop3s : ports.pop3,
    security,
    tls: { ca: [await readFile(caFile, 'utf8')] },
    trace: (line) => void said.push(line),
  });
  t.after(() => client.close());
  return { client, said };
}

interop(
  'what Dovecot announces in clear is forgotten under TLS, and asked for again behind the login',
  ['dovecot'],
  async (t) => {
    const dovecot = await startDovecot(t, { plaintext: false });
    const { client, said } = await connect(t, dovecot, 'required');
    const rows = said.filter((line) => line === 'S: STLS');
    assert.equal(rows.length, 1, 'it is announced in clear, and no more under TLS');
    assert.deepEqual([client.capabilities.has('STLS'), client.capabilities.has('SASL')], [false, true]);
    await client.login(ANN);
    await client.noop();
    assert.equal(said.filter((line) => line === 'C: CAPA').length, 3);
    assert.ok(client.capabilities.has('PIPELINING') && client.capabilities.has('UIDL'));
    assert.deepEqual([client.expiry, client.loginDelay], [undefined, undefined]);
    await client.quit();
  },
);

interop(
  'in clear, where that is permitted, Dovecot takes APOP by name; by itself it is never chosen',
  ['dovecot'],
  async (t) => {
    const dovecot = await startDovecot(t, { mechanisms: APOP });
    await dovecot.deliver('ann', 'Subject: hello\r\n\r\nhello\r\n');
    const home = await makeHome(t, servedBy(dovecot));
    const url = ['--pop3', pop3Url(dovecot, '+insecure'), '--trace'];
    const { code, stderr } = await home.posthorn(['fetch', ...url, '--auth', 'APOP']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /C: APOP \*\*\*\*/);
    assert.doesNotMatch(stderr, /secret|C: (?:USER|AUTH|PASS)/);
    assert.equal((await home.stored()).length, 1);
    const plain = await home.posthorn(['list', '--remote', ...url]);
    assert.equal(plain.code, 0);
    assert.doesNotMatch(plain.stderr, /C: APOP/);
  },
);

interop('pop3: a timestamp that Dovecot said before TLS is not used', ['dovecot'], async (t) => {
  const dovecot = await startDovecot(t, { mechanisms: APOP });
  const home = await makeHome(t, servedBy(dovecot));
  const { code, stderr } = await home.posthorn(['fetch', '--pop3', pop3Url(dovecot, ''), '--trace', '--auth', 'apop']);
  assert.equal(code, 77);
  assert.match(stderr, /came before TLS/);
  assert.doesNotMatch(stderr, /C: APOP/);
});

interop('Mailutils greets with a timestamp that is one', MAILUTILS, async (t) => {
  const server = await startMailutils(t);
  const client = await Pop3Client.connect({ host: server.host, port: server.ports.pop3, security: 'none' });
  t.diagnostic(client.greeting);
  const { user, password } = { user: server.user.address, password: server.user.password };
  // It has no database of shared secrets here, so it refuses; the session goes on.
  await assert.rejects(client.login({ user, password, mechanism: 'APOP' }), { name: 'AuthError' });
  await client.login({ user, password, mechanism: 'USER' });
  await client.quit();
});

interop('Dovecot is told NOOP while work is slow, in the middle of other commands', ['dovecot'], async (t) => {
  const dovecot = await startDovecot(t);
  for (const name of ['one', 'two']) await dovecot.deliver('ann', `Subject: ${name}\r\n\r\n${name}\r\n`);
  const { client, said } = await connect(t, dovecot, 'implicit');
  await client.login(ANN);
  const bodies = await client.keepAlive(async () => {
    await sleep(300);
    const sink = (): Promise<void> => sleep(50);
    const octets = await Promise.all([1, 2].map((number) => client.retr(number, sink)));
    await sleep(300);
    return octets;
  }, 20);
  assert.equal(bodies.length, 2);
  assert.ok(said.filter((line) => line === 'C: NOOP').length > 4);
  await Promise.all([client.dele(1), client.quit()]);
  assert.equal(await dovecot.messageCount('ann'), 1);
});
