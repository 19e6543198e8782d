/** The public surface of `posthorn/sandbox`: mail servers for tests, on loopback and in memory. */
export type { MaildropMessage } from '../pop3/maildrop.ts';
export type { ReceivedEnvelope } from '../smtp/envelope.ts';
export { OUTSIDE, type SandboxMessage, type SandboxUser } from './post-office.ts';
export { type DefaultSandbox, type Sandbox, type SandboxOptions, type SandboxPorts, startSandbox } from './sandbox.ts';
