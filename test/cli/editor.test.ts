/** Writing in an editor, on a terminal: what was written is sent, or is still there, whatever happened in between. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { type MailHome, makeMailHome } from '../support/mail-home.ts';
import { noTerminal, onTerminal, startOnTerminal } from '../support/tty.ts';

/** A home with one letter of Bob's in it, and an editor that runs this shell code with the draft as $1. */
async function setUp(
  t: TestContext,
  code: string,
  fields: readonly string[] = [],
): Promise<MailHome & { editor: string }> {
  const home = await makeMailHome(t, { samples: false });
  const stdin = ['From: Bob <bob@example.org>', 'Subject: Hello', ...fields, '', 'Are you there?', ''].join('\r\n');
  assert.equal(
    (await home.posthorn(['send', '--raw', '-f', 'bob@example.org', '-t', 'ann@example.org'], { stdin })).code,
    0,
  );
  assert.equal((await home.posthorn(['fetch'])).code, 0);
  const editor = join(home.folder, 'editor');
  writeFileSync(editor, `#!/bin/sh\n${code}\n`, { mode: 0o755 });
  return { ...home, editor };
}

const folderOf = (home: MailHome): string => join(home.folder, 'state/posthorn/.drafts');
const drafts = (home: MailHome): string[] => (existsSync(folderOf(home)) ? readdirSync(folderOf(home)) : []);
const sent = (home: MailHome): number => home.sandbox.messages('bob@example.org').length;

suite('a message written in an editor', { skip: noTerminal }, () => {
  test('is a private file that the editor alone gets, and is gone once it is sent', async (t) => {
    const home = await setUp(
      t,
      'cat "$1" > "$HOME/seen"; stat -c %a "$1" "$(dirname "$1")" > "$HOME/modes"; env > "$HOME/env"; echo "Yes, I am." >> "$1"',
    );
    const run = startOnTerminal(home, ['reply', '1'], { VISUAL: home.editor, EDITOR: 'false' });
    await run.shows(/Send, edit again, or quit/);
    run.type('s');
    const { code, output } = await run.ended;
    assert.equal(code, 0, output);
    assert.match(
      output,
      /The answer goes to Bob <bob@example\.org> \(From\)\.[^]*Editing \/[^]*To bob@example\.org\.[^]*Sent to 1/,
    );
    assert.match(
      readFileSync(join(home.folder, 'seen'), 'utf8'),
      /^From: ann@example\.org\nTo: Bob <bob@example\.org>\nCc:\nSubject: Re: Hello\n\nBob <bob@example\.org> wrote:\n> Are you there\?\n\n$/,
    );
    assert.equal(readFileSync(join(home.folder, 'modes'), 'utf8'), '600\n700\n');
    assert.doesNotMatch(readFileSync(join(home.folder, 'env'), 'utf8'), /POSTHORN_PASSWORD/);
    assert.deepEqual([sent(home), drafts(home), readdirSync(join(home.folder, 'tmp'))], [1, [], []]);
    const { messages } = await home.json<{ messages: { flags: string }[] }>(['list']);
    assert.equal(messages[0]?.flags, 'R');
  });

  for (const [what, code, says] of [
    ['is not changed', 'true', /draft was not changed/],
    ['is emptied', ': > "$1"', /draft is empty/],
    ['has no text', 'sed -i "/^$/q" "$1"', /draft has no text/],
  ] as const) {
    test(`that ${what} is not sent`, async (t) => {
      const home = await setUp(t, code);
      const { code: exit, output } = await onTerminal(home, ['reply', '1'], { EDITOR: home.editor });
      assert.equal(exit, 130, output);
      assert.match(output, says);
      assert.deepEqual([sent(home), drafts(home)], [0, []]);
    });
  }

  test('says before it is sent to whom it goes, and with what', async (t) => {
    const home = await setUp(t, 'echo "See below." >> "$1"');
    writeFileSync(join(home.folder, 'plan.txt'), 'x');
    const args = ['reply', '1', '--forward', '-t', 'bob@example.org', '--attach-message', '1'];
    const run = startOnTerminal(home, [...args, '--attach', join(home.folder, 'plan.txt')], { EDITOR: home.editor });
    await run.shows(/To bob@example\.org, with Hello\.eml, plan\.txt\.\s+Send, edit again/);
    run.type('q');
    const { output } = await run.ended;
    // The place of the draft is named once more, and as what is to be typed.
    assert.equal(output.split('.drafts/').length, 3);
    assert.match(output.replaceAll(/\s+/g, ''), /thedraftiskept;goonwiththesamecommandand--draft\/[^]*\.eml/);
  });

  test('can be edited again, and kept, and gone on with', async (t) => {
    const home = await setUp(t, 'echo again >> "$1"');
    const run = startOnTerminal(home, ['reply', '1'], { EDITOR: home.editor });
    await run.shows(/\[s\/e\/q\] $/);
    run.type('e');
    await run.shows(/\[s\/e\/q\] e\r\n[^]*\[s\/e\/q\] $/);
    run.type('xq');
    const { code, output } = await run.ended;
    assert.equal(code, 130, output);
    const [name = ''] = drafts(home);
    const path = join(folderOf(home), name);
    assert.ok(output.includes(`--draft ${path}`), output);
    assert.match(readFileSync(path, 'utf8'), /\nagain\nagain\n$/);
    const args = ['reply', '1', '--draft', path];
    assert.match((await home.posthorn([...args, '--dry-run'])).stdout, /^In-Reply-To|again\r\nagain\r\n$/m);
    assert.deepEqual(drafts(home), [name]);
    assert.equal((await home.refused(64, [...args, '--body', 'x'])).code, 'conflicting-options');
    assert.equal((await home.posthorn(args)).code, 0);
    assert.deepEqual([sent(home), drafts(home)], [1, []]);
  });

  test('from a file of the person’s own is sent, and the file stays', async (t) => {
    const home = await setUp(t, 'true');
    const path = join(home.folder, 'mine.txt');
    writeFileSync(path, 'From: ann@example.org\nTo: bob@example.org\n\nMine.\n');
    assert.equal((await home.posthorn(['send', '--draft', 'mine.txt'])).code, 0);
    writeFileSync(path, 'To: bob@example.org\n\n');
    for (const [file, exit, code] of [
      ['mine.txt', 130, 'draft-unchanged'],
      ['none.txt', 66, 'input-missing'],
      ['.', 74, 'not-a-file'],
    ] as const)
      assert.equal((await home.refused(exit, ['send', '--draft', file])).code, code);
    assert.deepEqual([sent(home), existsSync(path)], [1, true]);
  });

  test('that is wrong comes back with the reason on top, as often as it is changed', async (t) => {
    const home = await setUp(
      t,
      `n=$(cat "$HOME/n" 2>/dev/null || echo 0); echo $((n + 1)) > "$HOME/n"; cp "$1" "$HOME/seen$n"
case $n in
  0) sed -i 's/^To:.*/To: nobody/; $a My words.' "$1" ;;
  1) sed -i 's/^To:.*/To bob@example.org/' "$1" ;;
  2) sed -i 's/^To .*/To: bob@example.org/' "$1" ;;
esac`,
    );
    const run = startOnTerminal(home, ['reply', '1'], { EDITOR: home.editor });
    await run.shows(/\[s\/e\/q\] $/);
    run.type('s');
    const { code, output } = await run.ended;
    assert.equal(code, 0, output);
    const seen = [1, 2].map((at) => readFileSync(join(home.folder, `seen${at}`), 'utf8'));
    assert.match(
      seen[0] ?? '',
      /^# Not sent: --to "nobody": the address cannot be used: [^\n]*\n# [^\n]*\nFrom: [^]*My words\.\n$/,
    );
    assert.match(seen[1] ?? '', /^# Not sent: Line \d is no header field[^\n]*\n# [^\n]*\nFrom: [^]*My words\.\n$/);
    assert.deepEqual([sent(home), drafts(home)], [1, []]);
  });

  test('that stays wrong is kept', async (t) => {
    const home = await setUp(t, `grep -q nobody "$1" || sed -i 's/^To:.*/To: nobody/; $a My words.' "$1"`);
    const { code, output } = await onTerminal(home, ['reply', '1'], { EDITOR: home.editor });
    assert.equal(code, 64, output);
    assert.match(output, /the draft is kept; go on/);
    assert.equal(drafts(home).length, 1);
    assert.match(readFileSync(join(folderOf(home), drafts(home)[0] ?? ''), 'utf8'), /My words/);
  });

  for (const [what, code] of [
    ['fails', 'echo mine >> "$1"; exit 3'],
    ['is killed', 'echo mine >> "$1"; kill -9 $$'],
    ['takes the program with it', 'echo mine >> "$1"; kill -9 $PPID'],
  ] as const) {
    test(`survives when the editor ${what}`, async (t) => {
      const home = await setUp(t, code);
      const { code: exit, output } = await onTerminal(home, ['reply', '1'], { EDITOR: home.editor });
      assert.notEqual(exit, 0);
      const [name = ''] = drafts(home);
      const path = join(folderOf(home), name);
      assert.ok(output.includes(path), output);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.match(readFileSync(path, 'utf8'), /\nmine\n$/);
      assert.equal((await home.posthorn(['reply', '1', '--draft', path])).code, 0);
      assert.deepEqual([sent(home), drafts(home)], [1, []]);
    });
  }

  test('is in a folder of our own, or nowhere', async (t) => {
    const home = await setUp(t, 'echo x >> "$1"');
    mkdirSync(folderOf(home), { recursive: true, mode: 0o777 });
    chmodSync(folderOf(home), 0o777);
    const { code, output } = await onTerminal(home, ['reply', '1'], { EDITOR: home.editor });
    assert.equal(code, 74, output);
    assert.match(output, /can be changed by other users/);
    assert.deepEqual(drafts(home), []);
  });

  test('begins with what the options say, and keeps what it does not show', async (t) => {
    const home = await setUp(t, 'cp "$1" "$HOME/seen"');
    writeFileSync(join(home.folder, 'a.txt'), 'content\n');
    const args = [
      'send',
      '-t',
      'bob@example.org',
      '--bcc',
      'ann@example.org',
      '-s',
      'Hi',
      '--body',
      'Text',
      '--attach',
      'a.txt',
      '--edit',
    ];
    const run = startOnTerminal(home, args, { EDITOR: home.editor });
    await run.shows(/\[s\/e\/q\] $/);
    run.type('s');
    const { code, output } = await run.ended;
    assert.equal(code, 0, output);
    const seen = readFileSync(join(home.folder, 'seen'), 'utf8');
    assert.equal(seen, 'From: ann@example.org\nTo: bob@example.org\nCc:\nBcc: ann@example.org\nSubject: Hi\n\nText');
    assert.deepEqual([sent(home), home.sandbox.messages('ann@example.org').length, drafts(home)], [1, 2, []]);
  });
});

suite('the editor', { skip: noTerminal }, () => {
  for (const value of [
    'EDITOR; touch owned',
    'EDITOR $(touch owned) `touch owned`',
    'EDITOR|touch${IFS}owned',
    'EDITOR\ntouch\towned',
  ]) {
    test(`is no script: ${JSON.stringify(value)}`, async (t) => {
      const home = await setUp(t, 'exit 1');
      const { code } = await onTerminal(home, ['reply', '1'], { EDITOR: value.replace('EDITOR', home.editor) });
      assert.equal(code, 78);
      assert.ok(!existsSync(join(home.folder, 'owned')));
      assert.equal(drafts(home).length, 1);
    });
  }

  test('may have arguments, and a path with spaces', async (t) => {
    const home = await setUp(t, 'true');
    const folder = join(home.folder, 'my editors');
    mkdirSync(folder);
    writeFileSync(join(folder, 'ed'), '#!/bin/sh\necho "$1|$2" >> "$HOME/args"; echo x >> "$3"\n', { mode: 0o755 });
    const run = startOnTerminal(home, ['reply', '1', '--no-color'], { EDITOR: `"${folder}/ed" -f '+set tw=72'` });
    await run.shows(/\[s\/e\/q\] $/);
    run.type('\x03');
    assert.equal((await run.ended).code, 130);
    assert.equal(readFileSync(join(home.folder, 'args'), 'utf8'), '-f|+set tw=72\n');
    assert.equal(drafts(home).length, 1, 'Ctrl-C at the question keeps the draft');
  });

  test('that is not there is named', async (t) => {
    const home = await setUp(t, 'true');
    const { code, output } = await onTerminal(home, ['reply', '1'], { EDITOR: 'nosuch-editor' });
    assert.equal(code, 78);
    assert.match(output, /The editor nosuch-editor cannot be started: there is no such program/);
  });
});

suite('before anything is written', { skip: noTerminal }, () => {
  const EVIL = ['Reply-To: bob@evil.test'];
  test('it is asked whether an answer may leave the author', async (t) => {
    const home = await setUp(t, 'touch "$HOME/edited"', EVIL);
    const run = startOnTerminal(home, ['reply', '1'], { EDITOR: home.editor });
    await run.shows(/leads away from the author: to bob@evil\.test[^]*Go on\? \[y\/n\] $/);
    run.type('n');
    const { code, output } = await run.ended;
    assert.equal(code, 130, output);
    assert.ok(!existsSync(join(home.folder, 'edited')));
    const never = await onTerminal(home, ['reply', '1', '--no-input', '--body', 'x', '-q']);
    assert.equal(never.code, 0, never.output);
  });

  test('it is asked whether a crowd may get it', async (t) => {
    const home = await setUp(t, 'true', [
      `Cc: ${Array.from({ length: 60 }, (_, at) => `u${at}@example.org`).join(',')}`,
    ]);
    const run = startOnTerminal(home, ['reply', '1', '--all', '--body', 'x'], { EDITOR: home.editor });
    await run.shows(/goes to 61 people[^]*Go on\? \[y\/n\] $/);
    run.type('n');
    assert.equal((await run.ended).code, 130);
    assert.equal(sent(home), 0);
  });
});
