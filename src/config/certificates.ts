/** The PEM files of TLS: authorities to trust, and our own certificate with its key. Read before anything is connected. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../errors.ts';

/** Reads a PEM file of certificates. @throws ConfigError `bad-ca-file` when it is missing, unreadable, or holds none. */
export async function readAuthority(path: string): Promise<string> {
  const bad = (why: string) =>
    new ConfigError('bad-ca-file', `The certificate file ${path} ${why}.`, {
      hint: 'It must hold one or more certificates in PEM form.',
    });
  const text = await readFile(path, 'latin1').catch((error: NodeJS.ErrnoException) => {
    throw bad(error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code})`);
  });
  try {
    // Only the first is parsed here: that is enough to tell a certificate from something else.
    new X509Certificate(text);
  } catch {
    throw bad('holds no certificate');
  }
  return text;
}

/** Reads our own certificate and its key. @throws ConfigError `bad-certificate-file` when they are not a usable pair. */
export async function readOwnCertificate(
  certificateFile: string | undefined,
  keyFile: string | undefined,
): Promise<{ certificate?: string; key?: string }> {
  if (certificateFile === undefined && keyFile === undefined) return {};
  try {
    const [certificate, key] = await Promise.all(
      [certificateFile, keyFile].map(async (path) => (path === undefined ? '' : readFile(path, 'latin1'))),
    );
    const pair = new X509Certificate(certificate ?? '').checkPrivateKey(createPrivateKey(key ?? ''));
    if (pair && certificate !== undefined && key !== undefined) return { certificate, key };
  } catch {
    // Whatever is wrong with them, what to do is the same; the system's words could show what a key file holds.
  }
  throw new ConfigError('bad-certificate-file', 'The client certificate and its key cannot be used.', {
    hint: 'tls_certificate and tls_key must both name a PEM file, the key without a passphrase and of that certificate.',
  });
}
