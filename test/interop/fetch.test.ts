/**
 * Many messages from Dovecot, and the promises of a fetch: nothing is lost, nothing comes twice, whenever it is killed,
 * and nothing is deleted there before it is durable here.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dovecot, startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { arrived, pop3Url, servedBy } from '../support/mail-servers.ts';
import { ended, type Home, makeHome, PROGRAM } from '../support/program.ts';
import { type Halt, startProxy } from '../support/stalling-proxy.ts';

interface Fetched {
  fetched: { number: number; uidl: string; size: number }[];
  onServer: number;
  deleted: number;
}

async function fill(dovecot: Dovecot, count: number): Promise<void> {
  for (let at = 1; at <= count; at += 1) {
    const body = `${'.\r\n'.repeat(at % 3)}body of ${at} ${'x'.repeat((at * 37) % 900)}\r\n`;
    await dovecot.deliver('ann', `From: ann@example.org\r\nSubject: message ${at}\r\n\r\n${body}`);
  }
}

/** The messages in a home are exactly those in Dovecot, each once. */
async function assertSame(home: Home, messages: readonly Buffer[]): Promise<void> {
  const sorted = (all: readonly Buffer[]) => all.map((bytes) => bytes.toString('latin1')).sort();
  assert.deepEqual(sorted(await home.stored()), sorted(messages));
}

interop(
  '200 messages are fetched, each once and in order, and a second fetch brings nothing',
  ['dovecot'],
  async (t) => {
    const dovecot = await startDovecot(t);
    await fill(dovecot, 200);
    const home = await makeHome(t, servedBy(dovecot));
    const first = await home.json<Fetched>(['fetch']);
    assert.deepEqual(
      first.fetched.map(({ number }) => number),
      Array.from({ length: 200 }, (_, at) => at + 1),
    );
    await assertSame(home, await dovecot.messages('ann'));
    const { count, messages } = await home.json<{ count: number; messages: { number: number; subject: string }[] }>([
      'list',
      '--limit',
      '1000',
    ]);
    assert.equal(count, 200);
    assert.deepEqual(
      messages.map(({ number, subject }) => [number, subject]),
      Array.from({ length: 200 }, (_, at) => [200 - at, `message ${200 - at}`]),
    );
    const second = await home.json<Fetched>(['fetch', '--delete']);
    assert.deepEqual([second.fetched.length, second.onServer, second.deleted], [0, 200, 200]);
    await arrived(dovecot, 0);
  },
);

/** A batch is 64 messages, and what came while the one before it was synced. */
const HALTS: readonly [name: string, where: Halt, alreadyHere: readonly [least: number, most: number]][] = [
  ['in the listing', { octets: 3_000 }, [0, 0]],
  ['in the first batch', { octets: 30_000 }, [0, 0]],
  ['in the second batch', { octets: 60_000 }, [0, 160]],
  ['in the third batch', { octets: 90_000 }, [64, 199]],
  ['before the QUIT', { before: /QUIT/ }, [200, 200]],
];
for (const [name, where, [least, most]] of HALTS) {
  interop(`kill -9 ${name}, and the next fetch has one copy of each message`, ['dovecot'], async (t) => {
    const dovecot = await startDovecot(t);
    await fill(dovecot, 200);
    const messages = await dovecot.messages('ann');
    const proxy = await startProxy(t, { host: dovecot.host, port: dovecot.ports.pop3 });
    const home = await makeHome(t, {
      ...servedBy(dovecot),
      POSTHORN_POP3: `pop3+insecure://ann@127.0.0.1:${proxy.port}`,
    });
    const halted = proxy.halt(where);
    const child = home.start(['fetch', '--delete']);
    const end = ended(child);
    await Promise.race([halted, end]);
    // What was received before the halt is given the time to reach the disk.
    await sleep(200);
    for (let wait = 0; wait < 500 && least > 0 && (await home.stored()).length < least; wait += 1) await sleep(20);
    child.kill('SIGKILL');
    const { code, stderr } = await end;
    proxy.cut();
    assert.equal(code, -1, `it ended by itself: ${stderr}`);
    assert.equal(await dovecot.messageCount('ann'), 200, 'something was deleted without a QUIT');
    const before = await home.stored();
    assert.ok(before.length >= least && before.length <= most, `${before.length} messages were here already`);

    const { fetched, onServer, deleted } = await home.json<Fetched>(['fetch', '--delete']);
    t.diagnostic(`${before.length} were here, ${fetched.length} came`);
    assert.deepEqual([fetched.length, onServer, deleted], [200 - before.length, 200, 200]);
    await assertSame(home, messages);
    await arrived(dovecot, 0);
  });
}

interop('kill -9 behind the QUIT, and what Dovecot deleted is here once', ['dovecot'], async (t) => {
  const dovecot = await startDovecot(t);
  await fill(dovecot, 200);
  const messages = await dovecot.messages('ann');
  const proxy = await startProxy(t, { host: dovecot.host, port: dovecot.ports.pop3 });
  const home = await makeHome(t, {
    ...servedBy(dovecot),
    POSTHORN_POP3: `pop3+insecure://ann@127.0.0.1:${proxy.port}`,
  });
  const halted = proxy.halt({ behind: /QUIT/ });
  const child = home.start(['fetch', '--delete']);
  const end = ended(child);
  await halted;
  for (let wait = 0; wait < 500 && (await dovecot.messageCount('ann')) > 0; wait += 1) await sleep(20);
  child.kill('SIGKILL');
  const { code, stderr } = await end;
  proxy.cut();
  assert.equal(code, -1, `it ended by itself: ${stderr}`);
  const { fetched, onServer } = await home.json<Fetched>(['fetch', '--delete']);
  assert.deepEqual([fetched.length, onServer], [0, 0]);
  await assertSame(home, messages);
  // The same letter once more is a new one.
  await dovecot.deliver('ann', messages[0] ?? '');
  const again = await home.json<Fetched>(['fetch', '--delete']);
  assert.deepEqual([again.fetched.length, again.deleted], [1, 1]);
});

const CUTS: readonly [name: string, where: Halt][] = [
  ['in the listing', { octets: 3_000 }],
  ['in the second batch', { octets: 60_000 }],
  ['before the QUIT', { before: /QUIT/ }],
  ['behind the QUIT', { behind: /QUIT/ }],
];
interop('a connection that breaks ends with 75, and the next fetch goes on from there', ['dovecot'], async (t) => {
  const dovecot = await startDovecot(t);
  const proxy = await startProxy(t, { host: dovecot.host, port: dovecot.ports.pop3 });
  const env = { ...servedBy(dovecot), POSTHORN_POP3: `pop3+insecure://ann@127.0.0.1:${proxy.port}` };
  for (const [name, where] of CUTS) {
    await fill(dovecot, 200);
    const messages = await dovecot.messages('ann');
    const home = await makeHome(t, env);
    void proxy.halt(where).then(() => proxy.cut());
    const { retryable, message } = await home.refused(75, ['fetch', '--delete']);
    assert.equal(retryable, true, `${name}: ${message}`);
    await home.json(['fetch', '--delete']);
    await arrived(dovecot, 0);
    await assertSame(home, messages);
  }
});

interop(
  'a server that closes instead of answering QUIT changes nothing, where nothing was deleted',
  ['dovecot'],
  async (t) => {
    const dovecot = await startDovecot(t);
    await fill(dovecot, 3);
    const proxy = await startProxy(t, { host: dovecot.host, port: dovecot.ports.pop3 });
    const url = `pop3+insecure://ann@127.0.0.1:${proxy.port}`;
    const home = await makeHome(t, { ...servedBy(dovecot), POSTHORN_POP3: url });
    await home.json(['fetch']);
    for (const command of [['list', '--remote'], ['fetch', '--dry-run'], ['fetch']]) {
      void proxy.halt({ before: /QUIT/ }).then(() => proxy.cut());
      await home.json(command);
    }
    assert.equal((await home.stored()).length, 3);
  },
);

interop(
  'RETR follows a synced plan, and DELE only when file, folder and journal have been synced',
  ['dovecot', 'strace'],
  async (t) => {
    const dovecot = await startDovecot(t);
    await fill(dovecot, 70);
    const home = await makeHome(t, servedBy(dovecot));
    const calls = 'trace=fsync,fdatasync,write,writev,sendto,sendmsg';
    const trace = join(home.folder, 'trace');
    const program = [process.execPath, PROGRAM, 'fetch', '--delete', '--pop3', pop3Url(dovecot, '+insecure')];
    const child = spawn('strace', ['-f', '-y', '-o', trace, '-e', calls, ...program], { env: { ...home.env } });
    child.stdin.end();
    const { code, stderr } = await ended(child);
    assert.equal(code, 0, stderr);
    await arrived(dovecot, 0);

    const whole = await readFile(trace, 'utf8');
    // The names are in the journal, header and plan, before a message is asked for.
    const planned = readTrace(whole, 'RETR').synced.filter((path) => path.endsWith('/journal'));
    assert.ok(planned.length >= 2, 'a message was asked for before its name was synced');
    const { synced, said: deleting } = readTrace(whole, 'DELE');
    const last = (what: RegExp) => synced.findLastIndex((path) => what.test(path));
    const file = /\/posthorn\/[^/]+\/tmp\/[^/]+$/;
    const files = synced.filter((path) => file.test(path));
    assert.equal(new Set(files).size, 70, 'a file was not synced before the first DELE');
    assert.ok(last(file) < last(/\/new$/), 'a file was synced after its folder');
    assert.ok(last(/\/new$/) < last(/\/journal$/), 'the folder was synced after the journal');
    assert.ok(deleting);
  },
);

/** What was synced, in the order in which that was done, until the first such command was written to a socket. */
function readTrace(trace: string, verb: string): { synced: string[]; said: boolean } {
  const command = new RegExp(`^(write|writev|sendto|sendmsg)\\(.*${verb} `);
  const synced: string[] = [];
  const pending = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [thread = '', call = ''] = line.split(/\s+(.*)/s);
    if (command.test(call)) return { synced, said: true };
    const [, path] = /^(?:fsync|fdatasync)\(\d+<([^>]*)>/.exec(call) ?? [];
    if (path !== undefined && call.endsWith('<unfinished ...>')) pending.set(thread, path);
    else if (path !== undefined && call.endsWith('= 0')) synced.push(path);
    else if (/^<\.\.\. (fsync|fdatasync) resumed>.*= 0$/.test(call)) synced.push(pending.get(thread) ?? '');
  }
  return { synced, said: false };
}
