import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attachmentMention } from './attachment-mention.ts';

const MENTIONS: readonly (readonly [text: string, word: string])[] = [
  ['Hello,\n\nthe report is attached.\n', 'attached'],
  ['See attachment', 'attachment'],
  ['ATTACHED!', 'ATTACHED'],
  ['Anbei der Bericht.', 'Anbei'],
  ['der Bericht im Anhang', 'im Anhang'],
  ['die angehängte Datei', 'angehängte'],
  ['die angeha\u0308ngte Datei', 'angehängte'],
  ['Veuillez trouver ci-joint', 'ci-joint'],
  ['en pièce jointe', 'pièce jointe'],
  ['Le adjunto el informe', 'adjunto'],
  ['segue em anexo', 'em anexo'],
  ['in allegato la fattura', 'allegato'],
  ['zie de bijlage', 'bijlage'],
  ['w załączniku', 'załączniku'],
  ['Отчёт прикреплён', 'прикреплён'],
  ['файл во вложении', 'вложении'],
  ['请看附件。', '附件'],
  ['添付をご覧ください', '添付'],
  ['> quoted\nattached', 'attached'],
];

for (const [text, word] of MENTIONS)
  test(`mentioned: ${text.trim()}`, () => assert.equal(attachmentMention(text), word));

const NONE: readonly string[] = [
  '',
  'Hello, how are you?',
  'unattached',
  'heart attack',
  'anhangen',
  '> see the attached file\n > attached\n>> attached',
  'Bye\n-- \nAnn, with no strings attached',
  'attachmentX attached_files',
];

for (const text of NONE) test(`not mentioned: ${text}`, () => assert.equal(attachmentMention(text), undefined));

test('time grows with the length alone', () => {
  const text = 'ci-join attach anhan '.repeat(50_000);
  assert.equal(attachmentMention(text), undefined);
  assert.equal(attachmentMention('x'.repeat(2_000_000)), undefined);
});
