/** Fetching from the POP3 server of GNU Mailutils, which is as different from Dovecot as a server can be. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { interop } from '../support/interop.ts';
import { SECURITIES, type SchemeEnding } from '../support/mail-servers.ts';
import { MAILUTILS, type Mailutils, startMailutils } from '../support/mailutils.ts';
import { makeHome } from '../support/program.ts';

interface Fetched {
  fetched: unknown[];
  onServer: number;
  deleted: number;
}

function urlOf({ host, ports, user }: Mailutils, ending: SchemeEnding): string {
  return `pop3${ending}://${encodeURIComponent(user.address)}@${host}:${ending === 's' ? ports.pop3s : ports.pop3}`;
}

/** Dots, 8 bits and empty lines at the end: what framing gets wrong. */
function letter(number: number): string {
  const body = `.\n..\n.profile\nGrüße ${number}\n${'long '.repeat((number * 37) % 500)}\n\n.\n`;
  return `From: ann@example.org\nSubject: message ${number}\nContent-Type: text/plain; charset=utf-8\n\n${body}`;
}

async function setUp(t: TestContext, count: number) {
  const server = await startMailutils(t);
  t.diagnostic(server.version);
  for (let number = 1; number <= count; number += 1) await server.deliver(letter(number));
  const home = await makeHome(t, {
    POSTHORN_POP3: urlOf(server, ''),
    POSTHORN_PASSWORD: server.user.password,
    POSTHORN_CA_FILE: server.caFile,
  });
  /** What is here, in the lines of Unix and without the field the server adds. */
  const stored = async (): Promise<string[]> =>
    (await home.stored())
      .map((bytes) =>
        String(bytes)
          .replaceAll('\r\n', '\n')
          .replace(/^X-UIDL: .*\n/m, ''),
      )
      .sort();
  return { server, home, stored };
}

const letters = (count: number): string[] => Array.from({ length: count }, (_, at) => letter(at + 1)).sort();

for (const ending of SECURITIES) {
  interop(`pop3${ending}: Mailutils lists its messages after a login with USER`, MAILUTILS, async (t) => {
    const { server, home } = await setUp(t, 3);
    const { code, stdout, stderr } = await home.posthorn([
      'list',
      '--remote',
      '--json',
      '--trace',
      '--pop3',
      urlOf(server, ending),
    ]);
    assert.equal(code, 0, stderr);
    const { messages } = JSON.parse(stdout) as { messages: { subject: string }[] };
    assert.deepEqual(messages.map(({ subject }) => subject).sort(), ['message 1', 'message 2', 'message 3']);
    assert.match(stderr, /"S: EXPIRENEVER"/);
    assert.equal(/TLSv1\.3 started/.test(stderr), ending !== '+insecure', stderr);
    assert.match(stderr, /"C: USER ann@example\.org"/);
    assert.doesNotMatch(stderr, /secret|"C: AUTH/);
    assert.equal((await server.messages()).length, 3);
  });
}

interop('messages come whole and once from Mailutils, then are deleted there', MAILUTILS, async (t) => {
  const { server, home, stored } = await setUp(t, 70);
  const first = await home.json<Fetched>(['fetch']);
  assert.deepEqual([first.fetched.length, first.onServer, first.deleted], [70, 70, 0]);
  assert.deepEqual(await stored(), letters(70));
  const second = await home.json<Fetched>(['fetch', '--delete']);
  assert.deepEqual([second.fetched.length, second.onServer, second.deleted], [0, 70, 70]);
  assert.deepEqual(await server.messages(), []);
  assert.deepEqual(await stored(), letters(70));
});

interop('a wrong password ends with 77 after one attempt at Mailutils', MAILUTILS, async (t) => {
  const { home } = await setUp(t, 1);
  const { code, stderr } = await home.posthorn(['fetch', '--trace'], { env: { POSTHORN_PASSWORD: 'wr0ng' } });
  assert.equal(code, 77, stderr);
  assert.match(stderr, /refused the user name or the password of ann@example\.org/);
  assert.equal(stderr.match(/^C: PASS /gm)?.length, 1, stderr);
  assert.doesNotMatch(stderr, /wr0ng/);
});
