/**
 * GNU SASL's own program logs in to the sandbox: the one foreign client at hand that binds a login to its TLS connection
 * (RFC 9266), and that checks as strictly as we do what a server of SCRAM proves.
 */
import assert from 'node:assert/strict';
import { ANN, assertHeard, BOB, type Foreign, meetForeign } from '../support/foreign.ts';
import { interop } from '../support/interop.ts';
import type { Ended } from '../support/program.ts';
import { unpacked } from '../support/unpacked.ts';

const GSASL = unpacked('GNU SASL', ['gsasl']);
/** Where it could bind it refuses by itself not to: SCRAM without -PLUS is for connections without TLS. */
const PLAIN_SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-1'];
const MECHANISMS = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS', ...PLAIN_SCRAM, 'PLAIN', 'LOGIN', 'CRAM-MD5'];

function logIn(foreign: Foreign, mechanism: string, { address, password }: typeof ANN): Promise<Ended> {
  const server = ['--smtp', `--connect=localhost:${foreign.sandbox.ports.smtp}`, `--x509-ca-file=${foreign.caFile}`];
  const login = [`--mechanism=${mechanism}`, `--authentication-id=${address}`, `--password=${password}`];
  const program = [`LD_LIBRARY_PATH=${GSASL.libraries()}`, GSASL.path('usr/bin/gsasl')];
  const tls = PLAIN_SCRAM.includes(mechanism) ? ['--no-starttls'] : [];
  return foreign.run('env', [...program, '--verbose', ...server, ...tls, ...login]);
}

interop('GNU SASL logs in by every mechanism, bound to the connection and not', [GSASL], async (t) => {
  const foreign = await meetForeign(t);
  t.diagnostic((await foreign.run('env', [GSASL.path('usr/bin/gsasl'), '--version'])).stdout.split('\n', 1)[0] ?? '');
  for (const mechanism of MECHANISMS) {
    for (const user of [ANN, BOB]) {
      const { code, stdout, stderr } = await logIn(foreign, mechanism, user);
      const heard = foreign.heard();
      assert.equal(code, 0, `${mechanism}: ${stderr}${heard.join('\n')}`);
      assert.match(stderr, mechanism.startsWith('SCRAM') ? /finished \(server trusted\)/ : /finished/);
      assertHeard(heard, PLAIN_SCRAM.includes(mechanism) ? 'none' : 'STARTTLS', `AUTH ${mechanism}`);
      assert.match(heard.join('\n'), /^S: 235 /m);
      if (mechanism.endsWith('-PLUS')) assert.equal(flagOf(stdout), 'p=tls-exporter');
    }
  }
});

interop('GNU SASL is refused by every mechanism where the password is wrong', [GSASL], async (t) => {
  const foreign = await meetForeign(t);
  for (const mechanism of MECHANISMS) {
    const { code } = await logIn(foreign, mechanism, { ...ANN, password: 'wrong' });
    assert.notEqual(code, 0, mechanism);
    assert.match(foreign.heard().join('\n'), /^S: 535 5\.7\.8 /m, mechanism);
  }
});

/** What the client says of channel binding: how its first message begins, which the program shows in base64. */
function flagOf(shown: string): string | undefined {
  const messages = shown.split('\n').map((line) => Buffer.from(line.trim(), 'base64').toString('latin1'));
  return messages.find((message) => /^[nyp][,=]/.test(message))?.split(',', 1)[0];
}
