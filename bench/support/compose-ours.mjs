/** Composes with the library and drops what comes: `compose-ours.mjs COUNT SIZE|FILE`. */
import { compose, parseRecipient } from 'posthorn/mime';
import { openAttachment } from 'posthorn/store';

const [count = '1', content = ''] = process.argv.slice(2);
const from = parseRecipient('Ann <ann@example.org>');
const to = [parseRecipient('Bob <bob@example.org>')];
const line = 'Something of a letter, with a Grüße in it, and seventy octets.\n';
const draft = /^\d+$/.test(content)
  ? { text: line.repeat(Number(content) / 70) }
  : { text: 'See the file.\n', attachments: [await openAttachment(content)] };
let octets = 0;
for (let at = 0; at < Number(count); at++) {
  for await (const chunk of compose({ from, to, subject: `Message ${at}`, ...draft })) octets += chunk.length;
}
if (octets === 0) throw new Error('nothing was composed');
