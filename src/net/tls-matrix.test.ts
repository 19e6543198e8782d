/**
 * Which certificates are accepted: every combination of what the server shows, what is trusted, and what is pinned, each
 * way to TLS. The rule is one line, `accepted`; whatever it does not allow must be refused before a word is said.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { CertificateKind } from '../../test/support/certificate.ts';
import { makeIdentities } from '../../test/support/identities.ts';
import { line, reason } from '../../test/support/peer.ts';
import { TlsError } from '../errors.ts';
import { LineParser } from '../wire/line.ts';
import { type ConnectOptions, openChannel, secure } from './connect.ts';
import { listen, secureServer } from './listen.ts';
import type { TlsOptions } from './tls.ts';

const SHOWN = ['trusted', 'self-signed', 'other-host', 'expired'] as const satisfies CertificateKind[];
const TRUST = ['the well-known', 'its authority', 'the certificate itself', 'another authority'] as const;
const PINS = ['nothing', 'it', 'another one'] as const;

const { ca, identityOf, fingerprintOf } = await makeIdentities(...SHOWN);
const { ca: otherCa } = await makeIdentities();

/** A pin is all that counts where there is one; else the chain, the dates and the name must be right. */
function accepted(shown: CertificateKind, trust: (typeof TRUST)[number], pin: (typeof PINS)[number]): boolean {
  if (pin !== 'nothing') return pin === 'it';
  if (shown === 'self-signed') return trust === 'the certificate itself';
  return shown === 'trusted' && trust === 'its authority';
}

function options(shown: CertificateKind, trust: (typeof TRUST)[number], pin: (typeof PINS)[number]): TlsOptions {
  const authorities = {
    'the well-known': undefined,
    'its authority': [ca],
    'the certificate itself': [identityOf(shown).certificate],
    'another authority': [otherCa],
  };
  const other = fingerprintOf(shown === 'trusted' ? 'expired' : 'trusted');
  return {
    ca: authorities[trust],
    fingerprint: { nothing: undefined, it: fingerprintOf(shown), 'another one': other }[pin],
  };
}

/** Serves until the test ends, and counts the words that were said under TLS. */
async function startServer(t: TestContext, kind: CertificateKind, implicit: boolean) {
  const identity = identityOf(kind);
  let words = 0;
  const server = await listen({ implicit: implicit ? identity : undefined }, (channel) => {
    const serve = async (): Promise<void> => {
      if (!implicit) {
        await channel.read(new LineParser());
        await channel.write(line('+OK'));
        await secureServer(channel, identity);
      }
      await channel.read(new LineParser());
      words += 1;
      await channel.write(line('+OK'));
    };
    serve().catch(() => undefined);
  });
  t.after(() => server.close());
  return { port: server.port, words: () => words };
}

async function speak(where: ConnectOptions): Promise<void> {
  const channel = await openChannel(where);
  if (where.security === 'required') {
    await channel.exchange(line('STLS'), new LineParser());
    await secure(channel, where);
  }
  await channel.exchange(line('PASS'), new LineParser());
  await channel.close();
}

for (const security of ['implicit', 'required'] as const) {
  for (const shown of SHOWN) {
    test(`${security}: a certificate that is ${shown}, with every trust and every pin`, async (t) => {
      const { port, words } = await startServer(t, shown, security === 'implicit');
      let spoken = 0;
      for (const trust of TRUST) {
        for (const pin of PINS) {
          const what = `${trust} trusted, ${pin} pinned`;
          const tls = options(shown, trust, pin);
          const error = await reason(speak({ host: 'localhost', port, security, tls }));
          if (accepted(shown, trust, pin)) {
            assert.equal(error, undefined, `${what}: ${String(error)}`);
            spoken += 1;
          } else {
            assert.ok(error instanceof TlsError, `${what}: ${String(error)}`);
            assert.equal(error.code === 'tls-pin-mismatch', pin === 'another one', `${what}: ${error.code}`);
          }
          assert.equal(words(), spoken, what);
        }
      }
    });
  }
}

test('a pin is for one certificate: neither another server nor a new key passes, and both fingerprints are shown', async (t) => {
  const pinned = fingerprintOf('self-signed');
  const { port } = await startServer(t, 'expired', true);
  for (const pin of [pinned, pinned.replaceAll(':', '').toLowerCase()]) {
    const where = { host: 'localhost', port, security: 'implicit' as const, tls: { ca: [ca], fingerprint: pin } };
    const error = await reason(openChannel(where));
    assert.ok(error instanceof TlsError, String(error));
    assert.equal(error.code, 'tls-pin-mismatch');
    assert.ok(
      error.message.includes(`it has SHA-256 ${fingerprintOf('expired')}, and ${pinned} is pinned`),
      error.message,
    );
    assert.match(error.hint ?? '', /check it over another way/);
  }
});
