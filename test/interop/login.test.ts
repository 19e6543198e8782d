/**
 * Logging in to Dovecot and, through Postfix, to Dovecot's authentication service: each protection of the connection,
 * each mechanism, the right password and a wrong one, which must be tried once and never again.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { arrived, logged, pop3Url, SECURITIES, servedBy, smtpUrl } from '../support/mail-servers.ts';
import { startPostfix } from '../support/postfix.ts';
import { makeHome } from '../support/program.ts';

const MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'] as const;
/** Beyond ASCII, and with what ends a field of SCRAM or of Dovecot's own files. */
const BOB = { name: 'bob', password: 'Grüße, €=5: ganz geheim' };
const ANN = { name: 'ann', password: 'secret' };
const WRONG = 'wr0ng-passw0rd';

async function servers(t: TestContext) {
  const dovecot = await startDovecot(t, { users: [ANN, BOB] });
  const home = await makeHome(t, servedBy(dovecot));
  return { dovecot, home };
}

/** What the client sent, of the conversation that `--trace` shows. */
function sent(stderr: string, verb: string): string[] {
  return stderr.split('\n').filter((line) => line.startsWith(`C: ${verb}`));
}

for (const ending of SECURITIES) {
  interop(`pop3${ending}: every mechanism logs in to Dovecot`, ['dovecot'], async (t) => {
    const { dovecot, home } = await servers(t);
    await dovecot.deliver('ann', 'Subject: hello\r\n\r\nGood morning\r\n');
    const url = pop3Url(dovecot, ending);
    for (const mechanism of [...MECHANISMS, 'USER']) {
      const args = ['list', '--remote', '--json', '--trace', '--pop3', url, '--auth', mechanism];
      const { code, stdout, stderr } = await home.posthorn(args);
      assert.equal(code, 0, `${mechanism}: ${stderr}`);
      assert.equal(JSON.parse(stdout).messages[0].subject, 'hello');
      assert.equal(stderr.includes('is not encrypted'), ending === '+insecure', stderr);
      assert.doesNotMatch(stderr, /secret/);
    }
    const { messages } = await home.json<{ messages: unknown[] }>(['list', '--remote', '--pop3', url]);
    assert.equal(messages.length, 1);
    await logged(dovecot, /method=SCRAM-SHA-256.*method=SCRAM-SHA-256/s);
  });
}

interop(
  'a password beyond ASCII, and a user name that is an address, log in by every mechanism',
  ['dovecot'],
  async (t) => {
    const { dovecot, home } = await servers(t);
    const url = pop3Url(dovecot, 's', 'bob@example.org');
    const env = { POSTHORN_PASSWORD: BOB.password };
    for (const mechanism of [...MECHANISMS, 'USER']) {
      await home.json(['list', '--remote', '--pop3', url, '--auth', mechanism], { env });
    }
  },
);

interop('a wrong POP3 password ends with 77 after one attempt, whatever the mechanism', ['dovecot'], async (t) => {
  const { dovecot, home } = await servers(t);
  const env = { POSTHORN_PASSWORD: WRONG };
  const attempts = [...MECHANISMS, 'USER', undefined].map(async (mechanism) => {
    const only = mechanism === undefined ? [] : ['--auth', mechanism];
    const { code, stderr } = await home.posthorn(
      ['list', '--remote', '--trace', '--pop3', pop3Url(dovecot, ''), ...only],
      { env },
    );
    assert.equal(code, 77, `${mechanism}: ${stderr}`);
    assert.match(stderr, /refused the user name or the password of ann/);
    assert.equal(sent(stderr, mechanism === 'USER' ? 'PASS' : 'AUTH').length, 1, stderr);
    assert.doesNotMatch(stderr, new RegExp(WRONG));
  });
  await Promise.all(attempts);
  await logged(dovecot, /(auth failed, 1 attempts.*){7}/s);
  assert.doesNotMatch(dovecot.log(), /auth failed, ([2-9]|\d\d)/);
  assert.doesNotMatch(dovecot.log(), new RegExp(WRONG));
});

for (const ending of SECURITIES) {
  interop(`smtp${ending}: every mechanism submits to Postfix`, ['dovecot', 'postfix'], async (t) => {
    const { dovecot, home } = await servers(t);
    const postfix = await startPostfix(t, { dovecot, tls: 'may', plaintext: true });
    const url = smtpUrl(postfix, ending);
    for (const mechanism of [...MECHANISMS, undefined]) {
      const only = mechanism === undefined ? [] : ['--auth', mechanism];
      const args = ['send', '-t', 'ann@example.org', '-s', 'hello', '--body', 'Good morning', '--smtp', url, ...only];
      const { code, stderr } = await home.posthorn([...args, '--trace']);
      assert.equal(code, 0, `${mechanism}: ${stderr}`);
      assert.equal(sent(stderr, `AUTH ${mechanism ?? 'SCRAM-SHA-256'}`).length, 1, stderr);
      assert.doesNotMatch(stderr, /secret/);
    }
    await arrived(dovecot, MECHANISMS.length + 1);
    for (const mechanism of MECHANISMS)
      await logged(postfix, new RegExp(`sasl_method=${mechanism}, sasl_username=ann$`, 'm'));
  });
}

interop(
  'a wrong SMTP password ends with 77 after one attempt, whatever the mechanism',
  ['dovecot', 'postfix'],
  async (t) => {
    const { dovecot, home } = await servers(t);
    const postfix = await startPostfix(t, { dovecot });
    const env = { POSTHORN_PASSWORD: WRONG };
    const attempts = MECHANISMS.map(async (mechanism) => {
      const args = [
        'send',
        '-t',
        'ann@example.org',
        '--body',
        'x',
        '--trace',
        '--smtp',
        smtpUrl(postfix),
        '--auth',
        mechanism,
      ];
      const { code, stderr } = await home.posthorn(args, { env });
      assert.equal(code, 77, `${mechanism}: ${stderr}`);
      assert.match(stderr, /refused the user name or the password of ann@example\.org/);
      assert.equal(sent(stderr, 'AUTH').length, 1, stderr);
      assert.deepEqual(sent(stderr, 'MAIL'), []);
    });
    await Promise.all(attempts);
    for (const mechanism of MECHANISMS) {
      await logged(postfix, new RegExp(`SASL ${mechanism} authentication failed`));
      const failures = postfix.log().match(new RegExp(`SASL ${mechanism} authentication failed`, 'g'));
      assert.equal(failures?.length, 1, postfix.log());
    }
    assert.equal(await dovecot.messageCount('ann'), 0);
  },
);
