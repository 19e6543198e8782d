/**
 * Other programs at work in a mailbox of ours: mutt by keys, Dovecot by `doveadm`.
 *
 * Dovecot gives no mail to root, so the mailbox is lent to the user it runs as, and taken back.
 */
import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from './program.ts';
import { unpacked } from './unpacked.ts';

export const MUTT = unpacked('mutt', ['mutt']);
/** Who owns the mail while Dovecot has it: nobody. */
const MAIL_OWNER = 65_534;

/** Runs `doveadm` in a mailbox; what it said, in sorted lines. */
export function dovecotIn(home: Home, maildir: string): (...args: string[]) => string[] {
  const config = join(home.folder, 'dovecot.conf');
  const places = `base_dir = ${home.folder}/run\nstate_dir = ${home.folder}/run\nlog_path = ${home.folder}/dovecot.log\n`;
  const owner = `mail_uid = ${MAIL_OWNER}\nmail_gid = ${MAIL_OWNER}\n`;
  writeFileSync(config, `${places}${owner}protocols =\nssl = no\nmail_location = maildir:${maildir}\n`);
  chmodSync(home.folder, 0o755);
  for (const name of ['data', 'data/posthorn']) chmodSync(join(home.folder, name), 0o755);
  writeFileSync(join(home.folder, 'dovecot.log'), '', { mode: 0o666 });
  const chown = (user: number) => execFileSync('chown', ['-R', `${user}:${user}`, maildir]);
  return (...args) => {
    const options: ExecFileSyncOptionsWithStringEncoding = {
      encoding: 'utf8',
      cwd: '/',
      env: { ...home.env, USER: 'nobody', HOME: home.folder },
    };
    chown(MAIL_OWNER);
    try {
      return execFileSync('doveadm', ['-c', config, '-f', 'tab', ...args], options)
        .trim()
        .split('\n')
        .sort();
    } finally {
      chown(process.getuid?.() ?? 0);
    }
  };
}

/** Presses keys in a folder of a mailbox, with mutt; what was on the screen. Folders are written as `+` and `+.Archive`. */
export function muttIn(home: Home, maildir: string): (folder: string, keys: string) => string {
  const rc = join(home.folder, 'muttrc');
  const settings = [
    'mbox_type=Maildir',
    `folder=${maildir}`,
    'spoolfile=+',
    'mark_old=no',
    'confirmappend=no',
    'confirmcreate=no',
    'delete=yes',
    'quit=yes',
    'resolve=no',
    'sort=mailbox-order',
    'charset=utf-8',
  ];
  writeFileSync(rc, settings.map((setting) => `set ${setting}\n`).join(''));
  return (folder, keys) => {
    const command = [MUTT.path('usr/bin/mutt'), '-n', '-F', rc, '-f', folder, '-e', `push '${keys}<quit>'`];
    const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const env = { ...home.env, LD_LIBRARY_PATH: MUTT.libraries(), TERM: 'xterm', LANG: 'C.UTF-8', SHELL: '/bin/sh' };
    const options: ExecFileSyncOptionsWithStringEncoding = { encoding: 'utf8', env, timeout: 60_000, input: '' };
    return execFileSync('script', ['-qec', `stty cols 100 rows 30; ${quoted}`, '/dev/null'], options);
  };
}
