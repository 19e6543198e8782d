/**
 * Fetching all there is for ann from Dovecot, over TLS, into a Maildir that is synced: Posthorn and mpop, so that both are asked
 * for the same everywhere. Nothing is deleted, and nothing is added to the messages.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dovecot } from '../../test/support/dovecot.ts';
import { type Run, runProgram } from './measure.ts';

/** Makes a folder in which nothing was fetched yet, with an empty `maildir` in it. */
export function makePlace(path: string): string {
  for (const part of ['', 'maildir', 'maildir/new', 'maildir/cur', 'maildir/tmp'])
    mkdirSync(join(path, part), { recursive: true, mode: 0o700 });
  return path;
}

/**
 * @param place from `makePlace`; what was fetched is remembered there.
 * @param options of `fetch`: with `--no-index` it does what the others do.
 */
export function runPosthorn(
  dovecot: Dovecot,
  place: string,
  options: readonly string[] = [],
  port: number = dovecot.ports.pop3s,
  mechanism = 'PLAIN',
): Promise<Run> {
  const env = {
    XDG_DATA_HOME: join(place, 'data'),
    XDG_STATE_HOME: join(place, 'state'),
    XDG_CACHE_HOME: join(place, 'cache'),
    HOME: place,
    POSTHORN_PASSWORD: passwordOfAnn(dovecot),
  };
  const url = `pop3s://ann@localhost:${port}`;
  const args = ['fetch', '-q', ...options, '--auth', mechanism, '--ca-file', dovecot.caFile, '--pop3', url];
  return runProgram(process.execPath, ['bin/posthorn.cjs', ...args], env);
}

/** The same with mpop. */
export function runMpop(
  dovecot: Dovecot,
  place: string,
  port: number = dovecot.ports.pop3s,
  mechanism = 'PLAIN',
): Promise<Run> {
  const config = join(place, 'mpoprc');
  const lines = [
    'account ann',
    'host localhost',
    `port ${port}`,
    'user ann',
    `passwordeval printf %s '${passwordOfAnn(dovecot)}'`,
    `auth ${mechanism.toLowerCase()}`,
    'tls on',
    'tls_starttls off',
    `tls_trust_file ${dovecot.caFile}`,
    'keep on',
    'received_header off',
    `delivery maildir ${join(place, 'maildir')}`,
    `uidls_file ${join(place, 'uidls')}`,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  return runProgram('mpop', [`--file=${config}`, '--quiet', 'ann']);
}

export function passwordOfAnn({ users }: Dovecot): string {
  return users.find(({ name }) => name === 'ann')?.password ?? '';
}
