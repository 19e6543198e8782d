/** Servers of other people over what is no ordinary connection: a Unix socket, an address of our own, several addresses. */
import assert from 'node:assert/strict';
import { startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { arrived, logged, pop3Url, servedBy } from '../support/mail-servers.ts';
import { makeHome } from '../support/program.ts';

interop(
  'Dovecot takes mail over its Unix socket, and shows from which address it is fetched',
  ['dovecot'],
  async (t) => {
    const dovecot = await startDovecot(t);
    const home = await makeHome(t, servedBy(dovecot));
    const send = ['send', '-f', 'bob@example.org', '-t', 'ann@example.org', '--body', 'Good morning'];
    const sent = await home.posthorn([...send, '--smtp', `lmtp+unix://${dovecot.lmtpSocket}`]);
    assert.equal(sent.code, 0, sent.stderr);
    assert.doesNotMatch(sent.stderr, /warning/);
    await arrived(dovecot, 1);

    const { code, stderr } = await home.posthorn(['fetch', '--source-address', '127.0.0.9']);
    assert.equal(code, 0, stderr);
    assert.equal((await home.stored()).length, 1);
    await logged(dovecot, /pop3-login: Info: Login: .*rip=127\.0\.0\.9/);

    // Dovecot listens on IPv4 alone: "localhost" may name ::1 first.
    const local = pop3Url(dovecot).replace(dovecot.host, 'localhost');
    await home.json(['list', '--remote', '--pop3', local]);
  },
);
