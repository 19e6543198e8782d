/** The public surface of `posthorn/smtp`: the client, the server, and the words of both. */
export * from '../errors.ts';
export { Channel, type ChannelOptions } from '../net/channel.ts';
export type { ConnectOptions } from '../net/connect.ts';
export type { ProxyOptions } from '../net/proxy.ts';
export type { Security } from '../net/security.ts';
export { type Listener, type ListenOptions, listen, type ServerIdentity } from '../net/listen.ts';
export type { TlsInfo, TlsOptions } from '../net/tls.ts';
export type { Capabilities } from '../wire/capabilities.ts';
export type { Extensions } from './capabilities.ts';
export { SmtpClient, type SmtpOptions } from './client.ts';
export type { Deliver, Delivery } from './delivery.ts';
export type { Directory } from './directory.ts';
export type { LoginOptions } from '../sasl/attempt.ts';
export type { Credentials } from '../sasl/credentials.ts';
export type { Verifier } from '../sasl/mechanism.ts';
export type { Reply } from './reply.ts';
export { type SmtpBackend, type SmtpServerOptions, serveSmtp } from './server.ts';
export type {
  BodyKind,
  DeliverBy,
  DeliveryEvent,
  Envelope,
  MailRequests,
  Outgoing,
  ReceivedEnvelope,
  RecipientRequests,
  RecipientResult,
  SendOptions,
  SendResult,
} from './envelope.ts';
export { type PoolOptions, SmtpPool } from './pool.ts';
export { meaningOf } from './status-codes.ts';
