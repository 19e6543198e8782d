/**
 * Other people's SMTP clients submit to the sandbox: msmtp (with GNU SASL), curl and swaks, each with every protection
 * and every mechanism it has in common with us. What is stored must be what they were given, to the octet.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ANN,
  assertHeard,
  BOB,
  CURL_MECHANISMS,
  curlLogin,
  type Foreign,
  LETTER,
  meetForeign,
  PROTECTIONS,
  type Protection,
  TOKENS,
} from '../support/foreign.ts';
import { interop, type Need } from '../support/interop.ts';
import type { Ended } from '../support/program.ts';

interface Submission {
  protection: Protection;
  mechanism: string;
  user: { address: string; password: string };
  recipients: readonly string[];
}

interface Client {
  program: string;
  needs: readonly Need[];
  mechanisms: readonly string[];
  /** Hands the letter over. */
  submit(foreign: Foreign, submission: Submission): Promise<Ended>;
  /** How it says that the server refused the password, and a recipient. */
  refused: { code: number; says: RegExp };
  unknown: { code: number; says: RegExp };
}

const msmtp: Client = {
  program: 'msmtp',
  needs: ['msmtp'],
  mechanisms: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', ...TOKENS],
  submit({ sandbox, caFile, run }, { protection, mechanism, user, recipients }) {
    const { smtp, smtps } = sandbox.ports;
    const server = ['--host=localhost', `--port=${protection === 'TLS' ? smtps : smtp}`];
    const tls =
      protection === 'none'
        ? ['--tls=off']
        : ['--tls=on', `--tls-starttls=${protection === 'STARTTLS' ? 'on' : 'off'}`, `--tls-trust-file=${caFile}`];
    const login = [
      `--auth=${mechanism.toLowerCase()}`,
      `--user=${user.address}`,
      `--passwordeval=echo '${user.password}'`,
    ];
    // It takes the line ends of Unix and makes CRLF of them.
    const stdin = LETTER.toString().replaceAll('\r\n', '\n');
    return run('msmtp', [...server, ...tls, ...login, `--from=${user.address}`, ...recipients], stdin);
  },
  refused: { code: 77, says: /authentication failed.*\n.*535 5\.7\.8/ },
  unknown: { code: 65, says: /recipient address nobody@example\.org not accepted.*\n.*550 5\.1\.1/ },
};

const curl: Client = {
  program: 'curl',
  needs: ['curl'],
  mechanisms: CURL_MECHANISMS,
  submit({ sandbox, caFile, run }, { protection, mechanism, user, recipients }) {
    const { smtp, smtps } = sandbox.ports;
    const url = protection === 'TLS' ? `smtps://localhost:${smtps}` : `smtp://localhost:${smtp}`;
    const tls = protection === 'STARTTLS' ? ['--ssl-reqd'] : [];
    const login = curlLogin(mechanism, user);
    const envelope = ['--mail-from', user.address, ...recipients.flatMap((address) => ['--mail-rcpt', address])];
    return run('curl', ['-sS', url, ...tls, '--cacert', caFile, ...login, ...envelope, '-T', '-'], LETTER);
  },
  refused: { code: 67, says: /Login denied/ },
  unknown: { code: 55, says: /RCPT failed: 550/ },
};

const swaks: Client = {
  program: 'swaks',
  // Its TLS is the module's, which Debian only recommends.
  needs: ['swaks', { lacking: () => (hasSsleay() ? undefined : 'Net::SSLeay for Perl') }],
  mechanisms: ['PLAIN', 'LOGIN', 'CRAM-MD5'],
  async submit({ sandbox, caFile, run, folder }, { protection, mechanism, user, recipients }) {
    const { smtp, smtps } = sandbox.ports;
    const server = ['--server', 'localhost', '--port', String(protection === 'TLS' ? smtps : smtp)];
    const tls = { STARTTLS: ['--tls'], TLS: ['--tls-on-connect'], none: [] }[protection];
    const verify = protection === 'none' ? [] : ['--tls-verify', '--tls-ca-path', caFile];
    const login = ['--auth', mechanism, '--auth-user', user.address, '--auth-password', user.password];
    const envelope = ['--from', user.address, '--to', recipients.join(',')];
    // It adds the last line end itself.
    await writeFile(join(folder, 'letter'), LETTER.subarray(0, -2));
    return run('swaks', [...server, ...tls, ...verify, ...login, ...envelope, '--data', '@letter']);
  },
  refused: { code: 28, says: /535 5\.7\.8/ },
  unknown: { code: 0, says: /550 5\.1\.1/ },
};

function hasSsleay(): boolean {
  return spawnSync('perl', ['-MNet::SSLeay', '-e', '1']).status === 0;
}

for (const client of [msmtp, curl, swaks]) {
  const { program, needs, mechanisms, submit, refused, unknown } = client;
  const usual = { protection: 'STARTTLS', mechanism: 'PLAIN', user: ANN, recipients: [ANN.address] } as const;

  for (const protection of PROTECTIONS) {
    interop(`${program} submits by every mechanism it has, with ${protection}`, needs, async (t) => {
      const foreign = await meetForeign(t, program);
      for (const mechanism of mechanisms) {
        for (const user of TOKENS.includes(mechanism) ? [ANN] : [ANN, BOB]) {
          const { code, stderr, stdout } = await submit(foreign, { ...usual, protection, mechanism, user });
          const heard = foreign.heard();
          assert.equal(code, 0, `${mechanism} for ${user.address}: ${stderr}${stdout}${heard.join('\n')}`);
          assertHeard(heard, protection, `AUTH ${mechanism}`);
        }
      }
      const stored = await foreign.stored(ANN.address);
      assert.equal(stored.length, 2 * mechanisms.length - mechanisms.filter((name) => TOKENS.includes(name)).length);
      for (const bytes of stored) assert.equal(bytes.toString(), LETTER.toString());
    });
  }

  interop(`${program} is told that a password is wrong, by every mechanism`, needs, async (t) => {
    const foreign = await meetForeign(t, program);
    for (const mechanism of mechanisms) {
      const user = { ...ANN, password: 'wrong' };
      const { code, stderr, stdout } = await submit(foreign, { ...usual, mechanism, user });
      assert.equal(code, refused.code, `${mechanism}: ${stderr}${stdout}`);
      assert.match(stderr + stdout, refused.says, mechanism);
      assert.match(foreign.heard().join('\n'), /^S: 535 5\.7\.8 /m);
    }
    assert.deepEqual(await foreign.stored(ANN.address), []);
  });

  interop(`${program} sends to several recipients at once, and hears of one that is not there`, needs, async (t) => {
    const foreign = await meetForeign(t, program);
    const both = { ...usual, recipients: [ANN.address, BOB.address] };
    assert.equal((await submit(foreign, both)).code, 0);
    for (const { address } of [ANN, BOB]) assert.deepEqual(await foreign.stored(address), [LETTER]);
    const { code, stderr, stdout } = await submit(foreign, {
      ...both,
      recipients: [ANN.address, 'nobody@example.org'],
    });
    assert.equal(code, unknown.code, stderr + stdout);
    assert.match(stderr + stdout, unknown.says);
  });
}
