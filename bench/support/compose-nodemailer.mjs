/** Composes with nodemailer and drops what comes: `compose-nodemailer.mjs COUNT SIZE|FILE`. */
import MailComposer from 'nodemailer/lib/mail-composer';

const [count = '1', content = ''] = process.argv.slice(2);
const line = 'Something of a letter, with a Grüße in it, and seventy octets.\n';
const draft = /^\d+$/.test(content)
  ? { text: line.repeat(Number(content) / 70) }
  : { text: 'See the file.\n', attachments: [{ path: content }] };
const [from, to] = ['Ann <ann@example.org>', 'Bob <bob@example.org>'];
let octets = 0;
for (let at = 0; at < Number(count); at++) {
  const message = new MailComposer({ from, to, subject: `Message ${at}`, ...draft }).compile();
  for await (const chunk of message.createReadStream()) octets += chunk.length;
}
if (octets === 0) throw new Error('nothing was composed');
