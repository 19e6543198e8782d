/** Sends with nodemailer, pooled over one connection: `send-nodemailer.mjs PORT security AUTHORITY-FILE COUNT SIZE|FILE`. */
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { sendAll } from './at-a-time.mjs';

const [port, security, authority, count, content] = process.argv.slice(2);
const transport = createTransport({
  host: 'localhost',
  port: Number(port),
  secure: security === 'tls',
  ignoreTLS: security !== 'tls',
  pool: true,
  maxConnections: 1,
  maxMessages: Infinity,
  tls: { ca: [readFileSync(authority, 'utf8')] },
});
const draft = /^\d+$/.test(content)
  ? {
      text: 'x'
        .repeat(70)
        .concat('\n')
        .repeat(Number(content) / 71),
    }
  : { text: 'See the file.\n', attachments: [{ path: content }] };
await sendAll(Number(count), (at) =>
  transport.sendMail({ from: 'ann@example.org', to: 'bob@example.org', subject: `Message ${at}`, ...draft }),
);
transport.close();
