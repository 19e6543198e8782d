/**
 * Other people's POP3 clients fetch from the sandbox: mpop (with GNU SASL), fetchmail and curl, each with every
 * protection and every mechanism it has in common with us. What they bring must be what is stored, to the octet.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ANN,
  assertHeard,
  CURL_MECHANISMS,
  curlLogin,
  type Foreign,
  LETTER,
  meetForeign,
  PROTECTIONS,
  type Protection,
  TOKENS,
} from '../support/foreign.ts';
import { interop } from '../support/interop.ts';
import type { Ended } from '../support/program.ts';

const SHORT = Buffer.from('From: bob@example.org\r\nSubject: short\r\n\r\n.\r\n');
/** What programs write on Unix. */
const [LETTER_HERE, SHORT_HERE] = [LETTER, SHORT].map((bytes) => bytes.toString().replaceAll('\r\n', '\n')) as [
  string,
  string,
];

interface Retrieval {
  protection: Protection;
  /** In the program's own words. */
  auth: string;
  password?: string;
  keep?: boolean;
  pipelining?: boolean;
}

/** A program that keeps what it fetches, and remembers what it has seen. */
interface Fetcher {
  program: string;
  /** Its own word for a way to log in, and the command that must be heard. */
  logins: readonly [auth: string, command: string][];
  fetch(foreign: Foreign, retrieval: Retrieval): Promise<Ended>;
  /** How it ends where there is nothing new, and where the password is wrong. */
  nothing: number;
  refused: { code: number; says: RegExp };
}

const portOf = ({ sandbox }: Foreign, protection: Protection): number =>
  protection === 'TLS' ? sandbox.ports.pop3s : sandbox.ports.pop3;

const mpop: Fetcher = {
  program: 'mpop',
  logins: [
    ['user', 'USER'],
    ...['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', ...TOKENS].map((name): [string, string] => [
      name.toLowerCase(),
      `AUTH ${name}`,
    ]),
  ],
  fetch(foreign, { protection, auth, password = ANN.password, keep = true, pipelining = true }) {
    const onOff = (wanted: boolean) => (wanted ? 'on' : 'off');
    const server = ['--host=localhost', `--port=${portOf(foreign, protection)}`, `--pipelining=${onOff(pipelining)}`];
    const tls =
      protection === 'none'
        ? ['--tls=off']
        : ['--tls=on', `--tls-starttls=${onOff(protection === 'STARTTLS')}`, `--tls-trust-file=${foreign.caFile}`];
    const login = [`--auth=${auth}`, `--user=${ANN.address}`, `--passwordeval=echo ${password}`];
    const files = [
      `--uidls-file=${join(foreign.folder, 'uidls')}`,
      `--delivery=maildir,${join(foreign.folder, 'mail')}`,
    ];
    const rest = ['--received-header=off', `--keep=${onOff(keep)}`];
    return foreign.run('mpop', [...server, ...tls, ...login, ...files, ...rest]);
  },
  nothing: 0,
  refused: { code: 77, says: /authentication failed/i },
};

const fetchmail: Fetcher = {
  program: 'fetchmail',
  // Of the mechanisms of SASL it has only this one in common with us, and takes it by itself where it is offered.
  logins: [
    ['password', 'USER'],
    ['cram-md5', 'AUTH CRAM-MD5'],
    ['any', 'AUTH CRAM-MD5'],
  ],
  async fetch(foreign, { protection, auth, password = ANN.password, keep = true }) {
    const tls = { STARTTLS: 'sslproto "TLS1.2+"', TLS: 'ssl', none: 'sslproto ""' }[protection];
    const check = protection === 'none' ? '' : `sslcertck sslcertfile "${foreign.caFile}"`;
    const server = `poll localhost service ${portOf(foreign, protection)} protocol pop3 uidl auth ${auth}`;
    const user = `user "${ANN.address}" password "${password}" ${tls} ${check} ${keep ? 'keep' : 'no keep'}`;
    const mda = `mda "cat > ${join(foreign.folder, 'mail', 'new')}/$$"`;
    const file = join(foreign.folder, 'fetchmailrc');
    await writeFile(file, `set no syslog\nset invisible\n${server} ${user} no rewrite ${mda}\n`, { mode: 0o600 });
    return foreign.run('fetchmail', ['-f', file, '--pidfile', join(foreign.folder, 'pid')]);
  },
  nothing: 1,
  refused: { code: 3, says: /Authorization failure/ },
};

/** Starts with two messages, and a Maildir to put them in. */
async function setUp(t: Parameters<typeof meetForeign>[0], program: string) {
  const foreign = await meetForeign(t, program);
  for (const message of [LETTER, SHORT]) await foreign.deliver(message);
  for (const name of ['', 'tmp', 'new', 'cur']) await mkdir(join(foreign.folder, 'mail', name));
  foreign.heard();
  const fetched = async (): Promise<string[]> => {
    const folder = join(foreign.folder, 'mail', 'new');
    return Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
  };
  return { foreign, fetched };
}

const sorted = (texts: readonly string[]): string[] => [...texts].sort();

for (const { program, logins, fetch, nothing, refused } of [mpop, fetchmail]) {
  for (const protection of PROTECTIONS) {
    interop(
      `${program} logs in by every way it has, with ${protection}, and brings each message once`,
      [program],
      async (t) => {
        const { foreign, fetched } = await setUp(t, program);
        for (const [at, [auth, command]] of logins.entries()) {
          const { code, stderr } = await fetch(foreign, { protection, auth, pipelining: at % 2 === 0 });
          const heard = foreign.heard();
          assert.equal(code, at === 0 ? 0 : nothing, `${auth}: ${stderr}${heard.join('\n')}`);
          assertHeard(heard, protection, command);
          assert.deepEqual(sorted(await fetched()), sorted([LETTER_HERE, SHORT_HERE]));
        }
        assert.equal((await foreign.stored(ANN.address)).length, 2);
      },
    );
  }

  for (const pipelining of program === 'mpop' ? [true, false] : [true]) {
    const how = program === 'mpop' ? `, ${pipelining ? 'pipelining' : 'one question at a time'}` : '';
    interop(`${program} deletes what it has fetched${how}`, [program], async (t) => {
      const { foreign, fetched } = await setUp(t, program);
      const [[auth] = ['', '']] = logins;
      for (let more = 0; more < 30; more += 1) await foreign.deliver(SHORT);
      const { code, stderr } = await fetch(foreign, { protection: 'STARTTLS', auth, keep: false, pipelining });
      assert.equal(code, 0, stderr);
      assert.deepEqual(sorted(await fetched()), sorted([LETTER_HERE, ...Array<string>(31).fill(SHORT_HERE)]));
      assert.deepEqual(await foreign.stored(ANN.address), []);
    });
  }

  interop(`${program} is told that a password is wrong, and brings nothing`, [program], async (t) => {
    const { foreign, fetched } = await setUp(t, program);
    for (const [auth] of logins) {
      const { code, stderr, stdout } = await fetch(foreign, { protection: 'STARTTLS', auth, password: 'wrong' });
      assert.equal(code, refused.code, `${auth}: ${stderr}${stdout}`);
      assert.match(stderr + stdout, refused.says, auth);
      assert.match(foreign.heard().join('\n'), /^S: -ERR \[AUTH\]/m);
    }
    assert.deepEqual(await fetched(), []);
  });
}

interface Question {
  protection?: Protection;
  mechanism?: string;
  /** After the server's name: a message number, or nothing for LIST. */
  path?: string;
  options?: readonly string[];
  password?: string;
}

function ask(
  foreign: Foreign,
  { protection = 'STARTTLS', mechanism = 'PLAIN', path = '', options = [], password = ANN.password }: Question,
): Promise<Ended> {
  const url = `${protection === 'TLS' ? 'pop3s' : 'pop3'}://localhost:${portOf(foreign, protection)}/${path}`;
  const tls = protection === 'STARTTLS' ? ['--ssl-reqd'] : [];
  const login = curlLogin(mechanism, { ...ANN, password });
  return foreign.run('curl', ['-sS', url, ...tls, '--cacert', foreign.caFile, ...login, ...options]);
}

interop('curl logs in by every mechanism it has, with every protection, and gets a message', ['curl'], async (t) => {
  const { foreign } = await setUp(t, 'curl');
  for (const protection of PROTECTIONS) {
    for (const mechanism of CURL_MECHANISMS) {
      const { code, stdout, stderr } = await ask(foreign, { protection, mechanism, path: '1' });
      assert.equal(code, 0, stderr);
      assert.equal(stdout, LETTER.toString());
      assertHeard(foreign.heard(), protection, `AUTH ${mechanism}`);
      const refused = await ask(foreign, { protection, mechanism, path: '1', password: 'wrong' });
      assert.deepEqual([refused.code, refused.stdout], [67, ''], refused.stderr);
      foreign.heard();
    }
  }
});

interop('curl lists, names, looks at and deletes messages', ['curl'], async (t) => {
  const { foreign } = await setUp(t, 'curl');
  const say = async (question: Question): Promise<string> => {
    const { code, stdout, stderr } = await ask(foreign, question);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const [letter, short] = foreign.sandbox.messages(ANN.address);
  assert.equal(await say({}), `1 ${LETTER.length}\r\n2 ${SHORT.length}\r\n`);
  assert.equal(await say({ options: ['-X', 'UIDL'] }), `1 ${letter?.uid}\r\n2 ${short?.uid}\r\n`);
  const header = LETTER.toString().split('\r\n\r\n', 1)[0];
  assert.equal(await say({ options: ['-X', 'TOP 1 1'] }), `${header}\r\n\r\n--=_here\r\n`);
  assert.equal(await say({ path: '2' }), SHORT.toString());
  await say({ path: '1', options: ['--head', '-X', 'DELE'] });
  assert.deepEqual(await foreign.stored(ANN.address), [SHORT]);
  assert.equal((await ask(foreign, { path: '2' })).code, 8);
});
