/** The file of one more authority to trust: certificates in PEM, checked before anything is connected. */
import { X509Certificate } from 'node:crypto';
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
