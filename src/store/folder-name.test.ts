import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../errors.ts';
import { folderName, folderPart, INBOX, readFolderName } from './folder-name.ts';
import { decodeModifiedUtf7, encodeModifiedUtf7 } from './modified-utf7.ts';

test('names on the disk are those of Dovecot', () => {
  const table = [
    ['Archive', '.Archive'],
    ['inbox', ''],
    ['Lists/dev', '.Lists.dev'],
    ['Entwürfe', '.Entw&APw-rfe'],
    ['R & D', '.R &- D'],
    ['台北/日本語', '.&U,BTFw-.&ZeVnLIqe-'],
    ['Корзина', '.&BBoEPgRABDcEOAQ9BDA-'],
    ['📯', '.&2D3c7w-'],
  ] as const;
  for (const [name, part] of table) {
    assert.equal(folderPart(name), part);
    assert.equal(folderName(part), name);
  }
});

test('what was not written in modified UTF-7 is a name as it is, and never that of another folder', () => {
  assert.equal(folderName('.Entwürfe'), 'Entwürfe');
  assert.equal(folderName('.a&b'), 'a&b');
  // "A" is ASCII, and has one form only.
  assert.equal(folderName('.&AEE-'), '&AEE-');
  assert.equal(decodeModifiedUtf7('&AA-'), undefined);
});

test('any text comes back', () => {
  for (const text of ['', '&', '&-', '&&', 'a&ü&', '\ud83d\udcef-&-', 'ü-ü', '\u0000']) {
    assert.equal(decodeModifiedUtf7(encodeModifiedUtf7(text)), text);
  }
});

test('a name is taken in one form; what would leave the mailbox, or could not be seen, is refused', () => {
  assert.equal(readFolderName('Lists.dev'), 'Lists/dev');
  assert.equal(readFolderName('u\u0308'), 'ü');
  assert.equal(readFolderName('INBOX'), INBOX);
  const bad = [
    '',
    '.',
    '..',
    '../x',
    '/etc',
    'a//b',
    'a.',
    '.a',
    'a\0b',
    'a\nb',
    ' a',
    'a ',
    'x'.repeat(256),
    '\ud800',
  ];
  for (const name of [...bad, 'ü'.repeat(200)]) {
    assert.throws(
      () => readFolderName(name),
      (error: unknown) => error instanceof UsageError && error.code === 'bad-folder',
      name,
    );
  }
});
