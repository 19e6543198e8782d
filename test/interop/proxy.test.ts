/** Mail through proxies of other people, between real servers: fetched and sent under TLS, logged in at both. */
import assert from 'node:assert/strict';
import { startDovecot } from '../support/dovecot.ts';
import { FOREIGN_PROXIES } from '../support/foreign-proxies.ts';
import { interop } from '../support/interop.ts';
import { arrived, logged, pop3Url, servedBy, smtpUrl } from '../support/mail-servers.ts';
import { startPostfix } from '../support/postfix.ts';
import { makeHome } from '../support/program.ts';

for (const [name, { scheme, needs, start }] of Object.entries(FOREIGN_PROXIES)) {
  interop(`${name}: every way to TLS, and a wrong login`, ['dovecot', 'postfix', ...needs], async (t) => {
    const dovecot = await startDovecot(t);
    const postfix = await startPostfix(t, { dovecot });
    const proxy = await start(t, 'ann', 'geheim');
    const home = await makeHome(t, { ...servedBy(dovecot, postfix), POSTHORN_PROXY_PASSWORD: 'geheim' });
    const through = ['--proxy', `${scheme}://ann@127.0.0.1:${proxy.port}`];
    for (const ending of ['s', ''] as const) {
      const send = ['send', '-t', 'ann@example.org', '--body', 'Good morning', '--smtp', smtpUrl(postfix, ending)];
      assert.equal((await home.json<{ outcome: string }>([...send, ...through])).outcome, 'sent');
    }
    await arrived(dovecot, 2);
    await home.json(['fetch', '--pop3', pop3Url(dovecot, 's'), ...through]);
    assert.equal((await home.stored()).length, 2);
    await home.json(['list', '--remote', '--pop3', pop3Url(dovecot, ''), ...through]);
    for (const port of [dovecot.ports.pop3s, postfix.ports.submissions])
      await logged(proxy, new RegExp(`(?:127\\.0\\.0\\.1|localhost):${port}\\b`));
    const { code } = await home.refused(77, ['fetch', ...through], { env: { POSTHORN_PROXY_PASSWORD: 'falsch' } });
    assert.equal(code, 'proxy-auth');
    const nobody = await home.refused(69, ['list', '--remote', '--pop3', 'pop3s://ann@127.0.0.1:1', ...through]);
    assert.match(nobody.code, /^(?:refused|unreachable)$/, nobody.message);
    assert.match(nobody.message, /through the proxy/);
  });
}
