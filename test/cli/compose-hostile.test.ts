/**
 * What comes from elsewhere and ends up in a message: addresses that could be read in two ways or taken for options,
 * copies that must stay hidden, things that would be read or fetched, and what would tell of the sender's machine.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, suite, test, type TestContext } from 'node:test';
import { VERSION } from '../../src/version.ts';
import { type LineServer, obliging, startLineServer } from '../support/line-server.ts';
import { type Home, makeHome } from '../support/program.ts';

interface Wire {
  readonly home: Home;
  readonly server: LineServer;
  readonly send: readonly string[];
  readonly place: (name: string, content: string) => void;
}

async function setUp(t: TestContext | { after: typeof after }): Promise<Wire> {
  const server = await startLineServer(t as TestContext, '220 fake\r\n', takingMessages());
  const home = await makeHome(t);
  const send = ['send', '--smtp', `smtp+insecure://127.0.0.1:${server.port}`, '-f', 'ann@example.org'];
  return { home, server, send, place: (name, content) => writeFileSync(join(home.folder, name), content) };
}

/** Takes everything, and is silent while a message comes; there is one connection at a time. */
function takingMessages(): (line: string) => string | undefined {
  let inMessage = false;
  return (line) => {
    const wasInMessage = inMessage;
    inMessage = wasInMessage ? line !== '.' : line.toUpperCase() === 'DATA';
    return wasInMessage && inMessage ? undefined : obliging(line);
  };
}

async function sent({ home, send }: Wire, args: readonly string[], stdin = ''): Promise<void> {
  const { code, stderr } = await home.posthorn([...send, ...args], { stdin });
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
}

/** To whom the server was told to deliver. */
function recipients({ server }: Wire): string[] {
  return Array.from(server.heard().matchAll(/^RCPT TO:<(.*)>\r$/gm), ([, address = '']) => address);
}

/** What is typed, and the only address it may lead to. */
const ADDRESSES: readonly (readonly [typed: string, wire: string])[] = [
  ['"a@evil.test x"@good.test', '"a@evil.test x"@good.test'],
  ['"a@evil.test" <b@good.test>', 'b@good.test'],
  ['"Evil <c@evil.test>" <b@good.test>', 'b@good.test'],
  ['a%evil.test@good.test', 'a%evil.test@good.test'],
  ['evil.test!a@good.test', 'evil.test!a@good.test'],
  ['"a\\"b\\\\c"@good.test', '"a\\"b\\\\c"@good.test'],
  ["o'hara+tag@good.test", "o'hara+tag@good.test"],
  ['a@[192.0.2.1]', 'a@[192.0.2.1]'],
  ['a@exämple.test', 'a@xn--exmple-cua.test'],
  ['a@gооd.test', 'a@xn--gd-fmca.test'],
];

test('an address leads to one place: the header and the envelope name the same', async (t) => {
  const wire = await setUp(t);
  for (const [typed] of ADDRESSES) await sent(wire, ['-t', typed, '--body', 'x']);
  assert.deepEqual(
    recipients(wire),
    ADDRESSES.map(([, address]) => address),
  );
  const fields = Array.from(wire.server.heard().matchAll(/^To: (.*)\r$/gm), ([, field = '']) => field);
  for (const [at, field] of fields.entries()) {
    const [, address = field] = /<([^<>]*)>$/.exec(field) ?? [];
    assert.equal(address, ADDRESSES[at]?.[1]);
  }
});

const AMBIGUOUS: readonly string[] = [
  '-OQueueDirectory=/tmp@good.test',
  '"-X/tmp/x"@good.test',
  '-t@good.test',
  'a(@evil.test)@good.test',
  '<a@evil.test>b@good.test',
  'a@evil.test b@good.test',
  '@r1,@r2:c@good.test',
  '=?utf-8?q?a=40evil.test=3e?=@good.test',
  'a@evil.test <b@good.test>',
  'a@good.test.',
  `${'a'.repeat(65)}@good.test`,
];
const OPTIONS = ['-t', '--to', '--cc', '--bcc', '-f', '--reply-to'];

/** The exit code where the sender stands in the configuration. */
async function fromConfig({ home, server, place }: Wire, address: string): Promise<number> {
  place(
    'config.toml',
    `[account.x]\nsmtp = "smtp+insecure://127.0.0.1:${server.port}"\nfrom = ${JSON.stringify(address)}\n`,
  );
  return (await home.posthorn(['send', '-c', 'config.toml', '-a', 'x', '-t', 'b@good.test', '--body', 'x'])).code;
}

test('an address with two meanings, or one for a mail program, is refused wherever it is given', async (t) => {
  const wire = await setUp(t);
  for (const [at, address] of AMBIGUOUS.entries()) {
    // Each address in each place would be sixty runs: each is in one, and each place has several.
    const option = OPTIONS[at % OPTIONS.length] ?? '-t';
    const args = ['-t', 'bob@good.test', '--body', 'x', option, address];
    const { code } = await wire.home.posthorn([...wire.send, ...args]);
    assert.equal(code, 64, `${option} ${address}`);
    assert.equal(await fromConfig(wire, address), 64, `from = ${address}`);
  }
  assert.equal(wire.server.connections(), 0);
  assert.equal(await fromConfig(wire, 'ann@good.test'), 0);
});

suite('a hidden copy', async () => {
  const wire = await setUp({ after });
  const SECRET = /eve@|zed@|^(?:resent-)?bcc/im;

  /** What of the wire is message: envelopes name everybody. */
  const messages = (): string => wire.server.heard().replaceAll(/^RCPT TO:.*\r\n/gm, '');

  test('is in the envelope alone, whichever way it comes', async () => {
    wire.place('old.eml', 'Subject: old\nBcc: eve@example.org,\n zed@example.org\nbcc : eve@example.org\n\nOld.\n');
    wire.place(
      'raw.eml',
      'From: ann@example.org\nTo: bob@example.org\nBCC: Eve <eve@example.org>\nSubject: raw\n\nHi\n',
    );
    wire.place(
      'resent.eml',
      'Resent-Bcc: zed@example.org\nResent-To: bob@example.org\nFrom: ann@example.org\nSubject: again\n\nHi\n',
    );
    await sent(wire, ['-t', 'bob@example.org', '--bcc', 'Eve <eve@example.org>', '--body', 'x']);
    await sent(wire, ['--bcc', 'eve@example.org', '--body', 'only hidden']);
    await sent(wire, ['-t', 'bob@example.org', '--body', 'x', '--attach', 'old.eml']);
    await sent(wire, ['--raw', 'raw.eml']);
    await sent(wire, ['--raw', 'resent.eml', '-t', 'bob@example.org']);
    assert.equal(recipients(wire).filter((address) => address === 'eve@example.org').length, 3);
    assert.doesNotMatch(messages(), SECRET);
    const { code } = await wire.home.posthorn([
      ...wire.send,
      '-t',
      'b@x.test',
      '--body',
      'x',
      '-H',
      'Bcc: eve@example.org',
    ]);
    assert.equal(code, 64);
  });
});

test('nothing is run, read or fetched because a text names it', async (t) => {
  const wire = await setUp(t);
  const web = await startLineServer(t, '', () => undefined);
  const url = `http://127.0.0.1:${web.port}/x.png`;
  wire.place('secret.txt', 'tops3cret');
  const before = readdirSync(wire.home.folder).sort();
  const touch = 'touch owned';
  const env = {
    EDITOR: `sh -c '${touch}'`,
    VISUAL: touch,
    PAGER: touch,
    MAILCAP: `text/plain; ${touch}`,
    SHELL: '/bin/false',
  };
  const markdown = `![](${url}) ![](secret.txt) ![](file://${wire.home.folder}/secret.txt) <img src="secret.txt"> $(${touch}) \`${touch}\``;
  const runs: readonly (readonly string[])[] = [
    ['--markdown', markdown],
    ['--html', `<img src="${url}"><link rel=stylesheet href="${url}"><img src="secret.txt">`],
    ['--body', `@secret.txt $(${touch}) \`${touch}\` ; ${touch}`],
    ['--body', 'x', '-s', `$(${touch}); \`${touch}\` | ${touch}`],
    ['--body', 'x', '-H', `X-A: $(${touch})`],
    ['--body', 'x', '--attach', 'odd $(touch owned);`touch owned`.txt'],
  ];
  wire.place('odd $(touch owned);`touch owned`.txt', 'x');
  for (const args of runs) {
    const { code, stderr } = await wire.home.posthorn([...wire.send, '-t', 'bob@good.test', ...args], { env });
    assert.equal(code, 0, stderr);
  }
  const { code } = await wire.home.posthorn([
    ...wire.send,
    `mailto:bob@good.test?body=x&attach=secret.txt&attachment=${encodeURIComponent(url)}`,
  ]);
  assert.equal(code, 0);
  assert.doesNotMatch(wire.server.heard(), /tops3cret|dG9wczNjcmV0/);
  assert.equal(web.connections(), 0);
  assert.ok(!existsSync(join(wire.home.folder, 'owned')));
  const more = readdirSync(wire.home.folder).filter(
    (name) => !before.includes(name) && !/^(?:odd|cache|state|config)/.test(name),
  );
  assert.deepEqual(more, []);
});

test('what is sent tells neither the machine, nor the user, nor a path, nor the program', async (t) => {
  const wire = await setUp(t);
  wire.place('report.pdf', '%PDF-1.4');
  const env = { USER: 'loginname', LOGNAME: 'loginname', HOSTNAME: 'hostofmine', EMAIL: 'private@hostofmine.test' };
  const args = [
    '-t',
    'bob@good.test',
    '-s',
    'x',
    '--body',
    'Grüße',
    '--html',
    '<b>x',
    '--attach',
    join(wire.home.folder, 'report.pdf'),
  ];
  const { code, stderr } = await wire.home.posthorn([...wire.send, ...args], { env });
  assert.equal(code, 0, stderr);
  const heard = wire.server.heard();
  assert.match(heard, /^EHLO \[127\.0\.0\.1\]\r$/m);
  assert.match(heard, /filename=report\.pdf/);
  const told = [
    hostname(),
    wire.home.folder,
    'loginname',
    'hostofmine',
    '/tmp/',
    String(process.pid),
    `Posthorn`,
    `/${VERSION}`,
  ];
  for (const secret of told)
    assert.ok(secret.length < 4 || !heard.toLowerCase().includes(secret.toLowerCase()), secret);
  const { username } = userInfo();
  assert.doesNotMatch(heard, new RegExp(`\\b${username}\\b`));
  const names = Array.from(heard.matchAll(/^([A-Za-z-]+): /gm), ([, name = '']) => name);
  assert.doesNotMatch(names.join(), /User-Agent|X-Mailer|Received|X-Originating|Organization/i);
});
