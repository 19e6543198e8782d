/** The public surface of `posthorn/pop3`: the client, the server, and the words of both. */
export * from '../errors.ts';
export { Channel, type ChannelOptions } from '../net/channel.ts';
export type { ConnectOptions } from '../net/connect.ts';
export type { ProxyOptions } from '../net/proxy.ts';
export type { Security } from '../net/security.ts';
export { type Listener, type ListenOptions, listen, type ServerIdentity } from '../net/listen.ts';
export type { TlsInfo, TlsOptions } from '../net/tls.ts';
export type { Capabilities } from '../wire/capabilities.ts';
export type { Sink } from '../wire/parser.ts';
export type { Expiry, LoginDelay } from './capabilities.ts';
export { isUnsupported, Pop3Client, type Pop3Options } from './client.ts';
export type { Language, SizeRow, UidRow } from './grammar.ts';
export type { LoginOptions } from '../sasl/attempt.ts';
export type { Credentials } from '../sasl/credentials.ts';
export type { Verifier } from '../sasl/mechanism.ts';
export type { Maildrop, MaildropMessage } from './maildrop.ts';
export { servePop3 } from './server.ts';
export type { Pop3Backend, Pop3ServerOptions } from './server-options.ts';
