/**
 * The public surface of `posthorn`: the errors, and the two clients. Everything else has a subpath of its own:
 * `posthorn/smtp`, `posthorn/pop3`, `posthorn/mime`, `posthorn/store`, `posthorn/sandbox`.
 */
export * from './errors.ts';
export { Pop3Client, type Pop3Options } from './pop3/client.ts';
export { SmtpClient, type SmtpOptions } from './smtp/client.ts';
export { VERSION } from './version.ts';
