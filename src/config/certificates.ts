/** The PEM files of TLS: authorities to trust, and our own certificate with its key. Read before anything is connected. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../errors.ts';
import { whyNot } from './input.ts';

/** Reads a PEM file of certificates. @throws ConfigError `bad-ca-file` when it is missing, unreadable, or holds none. */
export async function readAuthority(path: string): Promise<string> {
  const bad = (why: string) =>
    new ConfigError('bad-ca-file', `The certificate file ${path} ${why}.`, {
      hint: 'It must hold one or more certificates in PEM form.',
    });
  const text = await readPem(path, bad);
  // Only the first is parsed here: that is enough to tell a certificate from something else.
  parsed(() => new X509Certificate(text), bad('holds no certificate'));
  return text;
}

/**
 * Reads our own certificate and its key.
 *
 * @throws ConfigError `bad-certificate-file`, which says what is wrong with which of them, and nothing of what is in them.
 */
export async function readOwnCertificate(
  certificateFile: string | undefined,
  keyFile: string | undefined,
): Promise<{ certificate?: string; key?: string }> {
  if (certificateFile === undefined && keyFile === undefined) return {};
  if (certificateFile === undefined) throw badPair('There is a key for TLS, and no certificate.');
  if (keyFile === undefined) throw badPair('There is a certificate for TLS, and no key.');
  const bad = (what: string, path: string) => (why: string) => badPair(`The ${what} for TLS, ${path}, ${why}.`);
  const badCertificate = bad('certificate', certificateFile);
  const badKey = bad('key', keyFile);
  const certificate = await readPem(certificateFile, badCertificate);
  const key = await readPem(keyFile, badKey);
  // RFC 5958, and the older form in RFC 1421: what OpenSSL would ask a passphrase for.
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(key)) {
    throw new ConfigError('bad-certificate-file', `The key for TLS, ${keyFile}, is protected by a passphrase.`, {
      hint: `Make a copy without one that you alone can read: (umask 077; openssl pkey -in ${keyFile} -out key.pem)`,
    });
  }
  const own = parsed(() => new X509Certificate(certificate), badCertificate('holds no certificate'));
  const secret = parsed(() => createPrivateKey(key), badKey('holds no private key'));
  if (!own.checkPrivateKey(secret)) throw badPair(`The key for TLS, ${keyFile}, is not that of ${certificateFile}.`);
  return { certificate, key };
}

async function readPem(path: string, bad: (why: string) => ConfigError): Promise<string> {
  return readFile(path, 'latin1').catch((error: NodeJS.ErrnoException) => {
    throw bad(error.code === 'ENOENT' ? 'does not exist' : `cannot be read: ${whyNot(error)}`);
  });
}

/** What a reader makes of a file. Its own complaint is dropped: it could show what the file holds. */
function parsed<T>(read: () => T, bad: ConfigError): T {
  try {
    return read();
  } catch {
    throw bad;
  }
}

function badPair(message: string): ConfigError {
  return new ConfigError('bad-certificate-file', message, {
    hint: 'Name both with --tls-certificate and --tls-key, or tls_certificate and tls_key: files in PEM form, and a pair.',
  });
}
