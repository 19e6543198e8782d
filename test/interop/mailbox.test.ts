/**
 * One mailbox, several programs: what mutt, notmuch and Dovecot do in it shows here, and the other way round.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { interop, ROOT } from '../support/interop.ts';
import { dovecotIn, MUTT, muttIn } from '../support/mailbox-programs.ts';
import { putMessages } from '../support/maildir.ts';
import { type Home, makeHome } from '../support/program.ts';

interface Listed {
  readonly messages: { number: number; subject: string; flags: string; folder: string; tags: string[] }[];
}

async function makeMailbox(): Promise<{ home: Home; maildir: string; listed(...query: string[]): Promise<unknown[]> }> {
  const home = await makeHome({ after });
  const subjects = ['one', 'two', 'drei', 'Τέσσερα'];
  await putMessages(
    home,
    subjects.map((subject, at) => `Message-ID: <${at}@x>\nFrom: a@example.org\nSubject: ${subject}\n\ntext\n`),
  );
  const listed = async (...query: string[]) => {
    const { messages } = await home.json<Listed>(['list', ...query]);
    return messages.map(({ subject, folder, flags }) => `${folder}: ${subject} ${flags}`).sort();
  };
  return { home, maildir: join(home.folder, 'data/posthorn/ann@example.org'), listed };
}

const ALL = '(folder:trash or -folder:trash)';

interop('Dovecot shows our folders, flags and trash, and we show what it does', ['doveadm', ROOT], async () => {
  const { home, maildir, listed } = await makeMailbox();
  const doveadm = dovecotIn(home, maildir);

  await home.json(['move', '2', 'Entwürfe']);
  await home.json(['move', '3', 'Lists/dev']);
  await home.json(['flag', '1-2', 'seen', 'flagged']);
  await home.json(['flag', '3', 'answered']);
  await home.json(['delete', '4']);
  assert.deepEqual(
    doveadm('mailbox', 'list').filter((name) => name !== 'mailbox'),
    ['Entwürfe', 'INBOX', 'Lists', 'Lists.dev', 'Trash'],
  );
  const fetched = doveadm('fetch', 'mailbox flags hdr.subject', 'mailbox', '*');
  assert.deepEqual(
    fetched.filter((line) => !line.startsWith('mailbox')).map((line) => line.replaceAll(/ ?\\Recent/g, '')),
    [
      'Entwürfe\t\\Flagged \\Seen\ttwo',
      'INBOX\t\\Flagged \\Seen\tone',
      'Lists.dev\t\\Answered\tdrei',
      'Trash\t\tΤέσσερα',
    ],
  );

  doveadm('flags', 'remove', '\\Flagged', 'mailbox', 'INBOX', 'SUBJECT', 'one');
  doveadm('flags', 'add', '\\Seen', 'mailbox', 'Lists.dev', 'ALL');
  doveadm('move', 'Entwürfe', 'mailbox', 'INBOX', 'SUBJECT', 'one');
  doveadm('mailbox', 'create', 'Новая.x');
  assert.deepEqual(await listed(ALL), ['Entwürfe: one S', 'Entwürfe: two FS', 'Lists/dev: drei RS', 'Trash: Τέσσερα ']);
  const { folder } = await home.json<{ folder: string }>(['move', '2', 'новая/X']);
  assert.equal(folder, 'Новая/x');
  assert.match(doveadm('fetch', 'flags', 'mailbox', 'Новая.x')[0] ?? '', /^\\Flagged \\Seen\b/);
});

interop('mutt shows our folders and flags, and we show what it does', [MUTT, 'script'], async () => {
  const { home, maildir, listed } = await makeMailbox();
  const mutt = muttIn(home, maildir);
  await home.json(['move', '2-3', 'Entwürfe']);
  await home.json(['flag', '2', 'flagged', 'seen']);
  const shown = mutt('+.Entw&APw-rfe', '<refresh>');
  assert.match(shown, / {2}! .* two/);
  assert.match(shown, / N {3}.* drei/);
  mutt('+', '<first-entry><set-flag>!<set-flag>r');
  mutt('+.Entw&APw-rfe', '<limit>~s drei<enter><first-entry><save-message>+<enter>');
  assert.deepEqual(await listed(ALL), ['Entwürfe: two FS', 'inbox: drei ', 'inbox: one FRS', 'inbox: Τέσσερα ']);
  await home.json(['undo']);
  assert.deepEqual(await listed('folder:entwürfe'), ['Entwürfe: two ']);
});

interop('notmuch and we see the flags of the other', ['notmuch'], async () => {
  const { home, maildir, listed } = await makeMailbox();
  const config = join(home.folder, 'notmuch-config');
  writeFileSync(
    config,
    `[database]\npath=${maildir}\n[user]\nname=Ann\nprimary_email=ann@example.org\n[new]\ntags=\nignore=maildirfolder\n[maildir]\nsynchronize_flags=true\n`,
  );
  const env = { ...home.env, NOTMUCH_CONFIG: config };
  const notmuch = (...args: string[]) => execFileSync('notmuch', args, { encoding: 'utf8', env }).trim();
  await home.json(['flag', '1', 'flagged', 'seen']);
  await home.json(['move', '2', 'Entwürfe']);
  notmuch('new', '--quiet');
  assert.equal(notmuch('count', '*'), '4');
  assert.equal(notmuch('search', '--output=messages', 'tag:flagged and not tag:unread'), 'id:0@x');
  notmuch('tag', '+replied', '-unread', 'subject:two');
  notmuch('tag', '-flagged', 'id:0@x');
  assert.deepEqual(await listed(ALL), ['Entwürfe: two RS', 'inbox: drei ', 'inbox: one S', 'inbox: Τέσσερα ']);
  // What moves here is followed there: to it, the message is the same.
  await home.json(['move', '3', 'Lists/dev']);
  await home.json(['flag', '3', 'flagged']);
  notmuch('new', '--quiet');
  assert.equal(notmuch('count', '--output=files', '*'), '4');
  assert.equal(notmuch('search', '--output=messages', 'tag:flagged'), 'id:2@x');
});
