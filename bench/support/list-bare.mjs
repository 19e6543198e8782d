/**
 * What any program on Node has to do where nothing is new: it starts, logs in over TLS, and asks for the listing. It remembers
 * nothing and compares nothing. `list-bare.mjs PORT AUTHORITY-FILE PASSWORD`
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';

const [port = '', authority = '', password = ''] = process.argv.slice(2);
const socket = connect({ host: 'localhost', port: Number(port), servername: 'localhost', ca: readFileSync(authority) });
socket.write(`USER ann\r\nPASS ${password}\r\nUIDL\r\nQUIT\r\n`);
let octets = 0;
for await (const chunk of socket) octets += chunk.length;
if (octets < 1000) throw new Error('nothing was listed');
