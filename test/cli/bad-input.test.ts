/**
 * What people type wrong: each mistake is one clear sentence and its own exit code, for a person and for a script, and
 * nothing was sent or stored by then.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { assertFails, type Failure, makeMailHome } from '../support/mail-home.ts';
import { makeHome, type RunOptions } from '../support/program.ts';

const PARALLEL = { concurrency: 2 };
type Row = readonly [args: string, exit: number, code: string, says: RegExp, options?: RunOptions];

/** Words apart by spaces; single quotes keep a word with spaces, or an empty one, together. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

const OK = '-t bob@example.org -s x --body y';
const WRONG_ADDRESS = /--to .*the address cannot be used/;

const SEND: readonly Row[] = [
  [`send ${OK} --attach nope.txt`, 66, 'attachment-missing', /nope\.txt/],
  [`send ${OK} --attach ''`, 66, 'attachment-missing', /""/],
  [`send ${OK} --attach folder`, 66, 'attachment-is-folder', /zip or tar/],
  [`send ${OK} --attach fifo`, 66, 'attachment-not-a-file', /pipe or a device/],
  [`send ${OK} --attach /dev/zero`, 66, 'attachment-not-a-file', /pipe or a device/],
  [`send ${OK} --attach text.txt nope.txt`, 66, 'attachment-missing', /nope\.txt/],
  [`send ${OK} --inline folder`, 66, 'attachment-is-folder', /folder/],
  [`send ${OK} --attach`, 64, 'option-missing-argument', /posthorn send --help/],
  ['send -t bob@example.org --body-file nope', 66, 'input-missing', /nope: there is no such file/],
  ['send -t bob@example.org --body-file folder', 66, 'input-missing', /it is a folder/],
  ['send -t bob@example.org --body-file latin1.txt', 66, 'input-missing', /not valid UTF-8/],
  ['send -t bob@example.org --html-file nope', 66, 'input-missing', /nope: there is no such file/],
  ['send -t bob@example.org', 66, 'input-missing', /standard input is empty/],
  ['send -t bob@example.org --body x --body-file y', 64, 'conflicting-options', /--body and --body-file/],
  ["send -t 'not an address' --body y", 64, 'bad-address', WRONG_ADDRESS],
  ['send -t a@b@c --body y', 64, 'bad-address', WRONG_ADDRESS],
  ["send -t '' --body y", 64, 'bad-address', WRONG_ADDRESS],
  ["send -t 'Ann <ann@example.org' --body y", 64, 'bad-address', WRONG_ADDRESS],
  ['send -t ann@ --body y', 64, 'bad-address', WRONG_ADDRESS],
  ['send -t -oQ/tmp@example.org --body y', 64, 'bad-address', WRONG_ADDRESS],
  ['send -t ok@example.org,wrong --cc x@example.org --body y', 64, 'bad-address', /wrong/],
  ['send -s x --body y', 64, 'no-recipient', /--to/],
  ['send bob@example.org --body y', 64, 'bad-mailto', /"bob@example\.org" is no mailto: URL\..*behind --to/s],
  [`send ${OK} --hold-until 2020-01-01`, 64, 'request-out-of-bounds', /--hold-until "2020-01-01" is past\./],
  [`send ${OK} -H wrong`, 64, 'bad-header', /Name: value/],
  [`send ${OK} -H 'Bad Name: x'`, 64, 'bad-header', /header name/],
  [`send ${OK} -H 'Bcc: x@example.org'`, 64, 'bad-header', /cannot be set directly/],
  ['send -t nobody@example.org --body y', 65, 'smtp-reply', /refused every recipient\. nobody@example\.org: 550/],
  ['send -t nobody@example.org,bob@example.org --body y', 65, 'smtp-reply', /1 of 2 recipients.*--partial/s],
  ['send --raw nope', 66, 'input-missing', /nope: there is no such file/],
  ['send --raw folder', 66, 'input-missing', /it is a folder/],
  ['send --raw text.txt', 65, 'bad-message', /line 1 is no field of a header/],
  ['send --raw', 65, 'bad-message', /line 1 is no field of a header/],
  ['send --raw', 65, 'bad-message', /line 1 is no field of a header/, { stdin: '\r\nno header\r\n' }],
  ['send --raw -t bob@example.org', 65, 'bad-message', /line 2/, { stdin: 'Subject: x\nhello\n\nworld\n' }],
  ['send --raw', 64, 'no-recipient', /--to/, { stdin: 'Subject: x\n\ny\n' }],
  ['send --raw', 64, 'bad-address', /address cannot be used/, { stdin: 'To: nobody\n\ny\n' }],
  ['send --raw message.eml -s x', 64, 'conflicting-options', /--subject/],
];

const LOCAL: readonly Row[] = [
  ['read 0', 64, 'bad-number', /"0" is not a message number.*posthorn list/s],
  ['read -1', 64, 'bad-number', /"-1" is not a message number/],
  ['read abc', 64, 'bad-number', /"abc" is not a message number/],
  ['read 1e0', 64, 'bad-number', /"1e0" is not a message number/],
  ["read ''", 64, 'bad-number', /"" is not a message number/],
  ['read 99', 66, 'no-such-message', /no message 99.*posthorn list/s],
  ['read', 64, 'missing-argument', /posthorn read --help/],
  ['read 1 2', 64, 'excess-arguments', /One message is read at a time/],
  ['read 1 --part 9', 66, 'no-such-part', /no part 9.*posthorn read 1/s],
  ['read 1 --part ../x', 66, 'no-such-part', /no part/],
  ['read 1 --raw --headers', 64, 'conflicting-options', /Only one of/],
  ['save 99', 66, 'no-such-message', /no message 99/],
  ['save 2 nope.pdf', 66, 'no-such-part', /no part nope\.pdf/],
  ['save 2 --dir text.txt', 73, 'name-taken', /something else has that name/],
  ['save 2 --dir /proc/nope', 74, 'mailbox-missing', /Could not create the folder/],
  ['save 1 --dir -', 66, 'no-such-attachment', /has no attachments/],
  ['save 2 report.pdf --message', 64, 'bad-number', /"report\.pdf" is no message number.*3-7/s],
  ['save 2-1', 64, 'bad-number', /"2-1" is no message number/],
  ['save 0-3', 64, 'bad-number', /"0-3"/],
  ['save 50-99', 66, 'no-such-message', /none of the messages 50-99/],
  ['save 1-2 1', 64, 'which-message', /of one message only/],
  ['save 1-2 --message --dir -', 64, 'which-message', /--mbox -/],
  ['save 1 --mbox text.txt', 73, 'name-taken', /text\.txt: something else has that name/],
  ['save 1 --mbox x --dir y', 64, 'conflicting-options', /--mbox names the file/],
  ['save 1 --mbox x --message', 64, 'conflicting-options', /--mbox names the file/],
  ['list --limit x', 64, 'bad-number', /"x" is not a whole number/],
  ['list --page 0', 64, 'bad-number', /"0".*counted from 1/],
  ['move 1', 64, 'which-folder', /No folder was named.*posthorn move 3 Archive/s],
  ['move Archive', 64, 'which-message', /No message was named/],
  ['list --bogus', 64, 'unknown-option', /posthorn list --help/],
  ['list --remot', 64, 'unknown-option', /Did you mean --remote/],
  ['lsit', 64, 'unknown-command', /Did you mean list/],
  ['frobnicate', 64, 'unknown-command', /posthorn --help/],
  ['help frobnicate', 64, 'unknown-command', /posthorn --help/],
  ['help lsit', 64, 'unknown-command', /Unknown command 'lsit'.*Did you mean list\?/s],
  ['-q', 64, 'unknown-command', /No command was given/],
];

const SERVER: readonly Row[] = [
  ['fetch --pop3 pop3s://ann@nohost.invalid', 69, 'unknown-host', /no such host|cannot be looked up/],
  ['fetch --pop3 pop3s://ann@127.0.0.1:1', 69, 'refused', /nothing listens/],
  [`send --smtp smtps://127.0.0.1:1 ${OK}`, 69, 'refused', /nothing listens/],
  ['fetch', 77, 'auth-rejected', /user name or the password of ann@example\.org/, { env: { POSTHORN_PASSWORD: 'no' } }],
  [`send ${OK}`, 77, 'auth-rejected', /user name or the password/, { env: { POSTHORN_PASSWORD: 'no' } }],
  ['fetch', 77, 'tls-untrusted', /--ca-file/, { env: { POSTHORN_CA_FILE: '' } }],
  [`send ${OK}`, 77, 'tls-untrusted', /--ca-file/, { env: { POSTHORN_CA_FILE: '' } }],
  ['fetch', 78, 'no-password', /--passwordeval CMD/, { env: { POSTHORN_PASSWORD: '' } }],
  ['fetch --passwordeval false', 78, 'passwordeval-failed', /status 1/],
  ['fetch --passwordeval true', 78, 'passwordeval-failed', /printed nothing/],
  ['fetch --ca-file nope', 78, 'bad-ca-file', /nope does not exist/],
  ['fetch --ca-file text.txt', 78, 'bad-ca-file', /holds no certificate/],
  ['fetch --tls-fingerprint zz', 64, 'bad-fingerprint', /64 hexadecimal digits/],
  [`fetch --tls-fingerprint ${'a'.repeat(64)}`, 77, 'tls-pin-mismatch', /not the pinned one/],
  ['fetch --auth ROT13', 64, 'bad-mechanism', /SCRAM-SHA-256/],
  ['fetch --timeout 0', 64, 'bad-duration', /--timeout.*30s/s],
  ['fetch --timeout 99999d', 64, 'bad-duration', /longer than a day/],
  ['fetch --keep=soon', 64, 'bad-duration', /--keep/],
  ['fetch --keep --delete', 64, 'conflicting-options', /--keep and --delete/],
  ['fetch --limit -1', 64, 'bad-number', /"-1"/],
  ['fetch --max-size big', 64, 'bad-size', /500k/],
  ["fetch --pop3 ''", 64, 'bad-url', /pop3s:\/\//],
  ['fetch --pop3 example.org', 64, 'bad-url', /scheme:\/\/user@host/],
  ['fetch --pop3 imaps://ann@example.org', 64, 'bad-url', /the schemes are/],
  ['fetch --pop3 pop3s://ann:tops3cret@example.org', 64, 'password-in-url', /POSTHORN_PASSWORD/],
  ['fetch --pop3 pop3s://example.org', 78, 'no-user', /names no user/],
  ['fetch -a nobody', 78, 'unknown-account', /called nobody.*mailboxes are/s],
];

const home = await makeMailHome({ after });
const file = (name: string, content: string | Buffer) => writeFileSync(join(home.folder, name), content);
file('text.txt', 'hello\n');
file('message.eml', 'To: bob@example.org\n\nhello\n');
file('latin1.txt', Buffer.from('Gr\xfc\xdfe\n', 'latin1'));
mkdirSync(join(home.folder, 'folder'));
assert.equal(spawnSync('mkfifo', [join(home.folder, 'fifo')]).status, 0);
assert.equal((await home.posthorn(['fetch'])).code, 0);

describe('bad input', () => {
  after(() => {
    assert.deepEqual(readdirSync(join(home.folder, 'tmp')), [], 'nothing is left in the temporary folder');
    assert.deepEqual(home.sandbox.messages('bob@example.org'), [], 'nothing was sent');
    assert.equal(home.sandbox.messages('ann@example.org').length, 3, 'nothing was deleted');
    const [mailbox = '', ...more] = readdirSync(join(home.folder, 'data/posthorn'));
    assert.deepEqual(more, [], 'no mailbox was made for a server that did not let us in');
    assert.deepEqual(readdirSync(join(home.folder, 'data/posthorn', mailbox, 'tmp')), []);
    assert.equal(readdirSync(join(home.folder, 'data/posthorn', mailbox, 'new')).length, 3);
  });
  describe('to send', PARALLEL, () => defineRows(SEND));
  describe('to the local mailbox', PARALLEL, () => defineRows(LOCAL));
  // One at a time: a mailbox is locked while it is being filled.
  describe('to a server', () => defineRows(SERVER));
});

function defineRows(rows: readonly Row[]): void {
  for (const [line, exit, code, says, options] of rows) {
    const failure: Failure = { exit, code, says };
    const name = `posthorn ${line}${options === undefined ? '' : ` with ${JSON.stringify(options)}`}`;
    test(name, () => assertFails(home, words(line), failure, options));
  }
}

const NOTHING: readonly Row[] = [
  ['list', 78, 'no-mailbox', /no mailbox yet.*posthorn fetch --pop3/s],
  ['read 1', 78, 'no-mailbox', /posthorn fetch/],
  ['save 1', 78, 'no-mailbox', /posthorn fetch/],
  ['fetch', 64, 'no-server', /--pop3/],
  ['list --remote', 64, 'no-server', /--pop3/],
  ['list -a work', 78, 'unknown-account', /called work/],
  ['list --pop3 pop3s://ann@example.org', 78, 'no-mailbox', /ann@example\.org yet.*posthorn fetch/s],
  ['list -c nope.toml', 78, 'config-missing', /nope\.toml does not exist.*--config/s],
  ['send -t bob@example.org --body x', 64, 'no-sender', /--from/],
  ['send -f ann@example.org -t bob@example.org --body x', 64, 'no-server', /--smtp/],
];

describe('with no configuration and no mailbox', () => {
  for (const [line, exit, code, says] of NOTHING) {
    test(`posthorn ${line}`, async (t) => {
      const home = await makeHome(t);
      await assertFails(home, words(line), { exit, code, says });
      assert.deepEqual(readdirSync(home.folder).sort(), ['cache', 'tmp'], 'nothing was created');
    });
  }
});
