/** A server of ours that does no more than STLS, for one test: it greets, starts TLS when asked, and repeats all it hears. */
import type { TestContext } from 'node:test';
import type { Channel } from '../../src/net/channel.ts';
import { listen, type ServerIdentity, secureServer } from '../../src/net/listen.ts';
import { LineParser } from '../../src/wire/line.ts';
import { line } from './peer.ts';

async function converse(channel: Channel, identity: ServerIdentity): Promise<void> {
  await channel.write(line('+OK ready'));
  for (;;) {
    const command = await channel.read(new LineParser());
    await channel.write(line(`+OK ${command}`));
    if (command === 'STLS') await secureServer(channel, identity);
  }
}

/** Starts it and resolves to its port. `implicit`: TLS comes before the greeting. */
export async function startStlsServer(t: TestContext, identity: ServerIdentity, implicit: boolean): Promise<number> {
  const server = await listen({ implicit: implicit ? identity : undefined }, (channel) => {
    converse(channel, identity).catch(() => undefined);
  });
  t.after(() => server.close());
  return server.port;
}
