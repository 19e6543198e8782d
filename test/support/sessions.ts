/**
 * A client and a server of ours as the two ends of one connection in memory, or a client and a peer in its server's place.
 */
import { type Duplex, duplexPair } from 'node:stream';
import { Channel } from '../../src/net/channel.ts';
import type { Security } from '../../src/net/security.ts';
import { Transcript } from '../../src/net/transcript.ts';
import { Pop3Client } from '../../src/pop3/client.ts';
import { servePop3 } from '../../src/pop3/server.ts';
import type { Pop3ServerOptions } from '../../src/pop3/server-options.ts';
import { SmtpClient, type SmtpOptions } from '../../src/smtp/client.ts';
import { type SmtpServerOptions, serveSmtp } from '../../src/smtp/server.ts';
import { withPeer } from './peer.ts';

interface Ends {
  /** What both ends showed of the conversation. */
  readonly shown: string[];
  readonly clientSocket: Duplex;
  /** Settles when the server is done with the connection. */
  readonly served: Promise<void>;
}

function ends(serve: (channel: Channel) => Promise<void>): Ends & { channel: Channel } {
  const [clientSocket, serverSocket] = duplexPair();
  const shown: string[] = [];
  const transcript = () => new Transcript((line) => shown.push(line));
  const channel = new Channel(clientSocket, { role: 'client', transcript: transcript() });
  const served = serve(new Channel(serverSocket, { role: 'server', transcript: transcript() }));
  // What ends one side of the pair ends the other, as on a network.
  clientSocket.on('close', () => serverSocket.destroy());
  serverSocket.on('close', () => clientSocket.destroy());
  return { shown, clientSocket, served, channel };
}

const IN_MEMORY = { host: 'mail.test', port: 0, security: 'none' as Security };

export async function pop3Session(options: Pop3ServerOptions): Promise<Ends & { client: Pop3Client }> {
  const { channel, ...rest } = ends((server) => servePop3(server, { insecure: true, ...options }));
  return { ...rest, client: await Pop3Client.over(channel, IN_MEMORY) };
}

export async function smtpSession(options: SmtpServerOptions): Promise<Ends & { client: SmtpClient }> {
  const { channel, ...rest } = ends((server) => serveSmtp(server, { insecure: true, ...options }));
  return { ...rest, client: await SmtpClient.over(channel, { ...IN_MEMORY, protocol: options.protocol }) };
}

/** A client of SMTP whose server is a peer in the test's hands, which has greeted and answered EHLO by `ehlo`. */
export async function smtpWithPeer(
  ehlo = '250 mail.test\r\n',
  { signal, ...options }: Partial<SmtpOptions> = {},
): Promise<ReturnType<typeof withPeer> & { client: SmtpClient }> {
  const { channel, peer } = withPeer({ signal });
  const opened = SmtpClient.over(channel, { host: 'mail.test', port: 25, security: 'none', ...options });
  await peer.says('220 mail.test\r\n');
  await peer.says(ehlo);
  return { channel, peer, client: await opened };
}

/** Chunks as a message's source. */
export async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text, 'latin1');
}
