/** Reads all messages with the library, many requests under way, and drops them: `read-bare.mjs PORT AUTHORITY-FILE PASSWORD`. */
import { readFileSync } from 'node:fs';
import { Pop3Client } from 'posthorn/pop3';

const [port, authority, password] = process.argv.slice(2);
const client = await Pop3Client.connect({
  host: 'localhost',
  port: Number(port),
  security: 'implicit',
  tls: { ca: [readFileSync(authority, 'utf8')] },
});
await client.login({ user: 'ann', password, mechanism: 'PLAIN' });
const [rows] = await Promise.all([client.uidl(), client.list()]);
let octets = 0;
const WINDOW = 1024;
const pending = [];
for (const { number } of rows) {
  pending.push(
    client.retr(number, (chunk) => {
      octets += chunk.length;
    }),
  );
  if (pending.length >= WINDOW) await pending.shift();
}
await Promise.all(pending);
await client.quit();
if (octets === 0) throw new Error('nothing was read');
