/** Sends with the library: `send-ours.mjs PORT security AUTHORITY-FILE COUNT SIZE|FILE`. */
import { readFileSync } from 'node:fs';
import { compose, parseRecipient } from 'posthorn/mime';
import { SmtpClient } from 'posthorn/smtp';
import { sendAll } from './at-a-time.mjs';

const [port = '', security = '', authority = '', count = '1', content = ''] = process.argv.slice(2);
const from = parseRecipient('ann@example.org');
const to = [parseRecipient('bob@example.org')];
const client = await SmtpClient.connect({
  host: 'localhost',
  port: Number(port),
  security: security === 'tls' ? 'implicit' : 'none',
  tls: { ca: [readFileSync(authority, 'utf8')] },
});
const draft = /^\d+$/.test(content)
  ? {
      text: 'x'
        .repeat(70)
        .concat('\n')
        .repeat(Number(content) / 71),
    }
  : { text: 'See the file.\n', attachments: [await (await import('posthorn/store')).openAttachment(content)] };
await sendAll(Number(count), async (at) => {
  const message = compose({ from, to, subject: `Message ${at}`, ...draft });
  const { outcome } = await client.send(message.envelope, message);
  if (outcome !== 'sent') throw new Error(outcome);
});
await client.quit();
