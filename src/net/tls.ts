/**
 * TLS over a socket that exists: the checks, and the pin. What went wrong is put into words by tls-faults.ts.
 *
 * Verification is always on and never taken from the environment (`NODE_TLS_REJECT_UNAUTHORIZED` changes nothing here);
 * TLS 1.2 is the least that is spoken (RFC 8996, RFC 8314 §4.1). There is no path from here back to plain text.
 */
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { domainToASCII } from 'node:url';
import { PosthornError, UsageError } from '../errors.ts';
import type { ChannelBinding } from '../sasl/binding.ts';
import { bindingsOf } from './binding.ts';
import { aborted } from './failures.ts';
import { brokenOff, nameOf, pinMismatch, refusal, tooSlow } from './tls-faults.ts';

/** How long a handshake may take, milliseconds. */
export const HANDSHAKE = 30_000;

export interface TlsOptions {
  /** Certificates in PEM of authorities trusted besides the well-known ones. */
  ca?: readonly string[] | undefined;
  /** SHA-256 of the one certificate to accept, in hexadecimal, colons optional; chain and name are then not asked for. */
  fingerprint?: string | undefined;
  /** Our own certificate, with the authorities between, and its key, in PEM: for servers that ask who we are. */
  certificate?: string | undefined;
  key?: string | undefined;
}

/** What was agreed on, read from the socket and not from the configuration. */
export interface TlsInfo {
  readonly protocol: string;
  readonly cipher: string;
  /** Whom the certificate names. */
  readonly subject: string;
  readonly issuer: string;
  readonly validTo: string;
  /** SHA-256 of the certificate, upper-case hexadecimal with colons. */
  readonly fingerprint: string;
}

/** A connection under TLS, and what a login over it may rely on. */
export interface Secured {
  readonly socket: Duplex;
  readonly tls: TlsInfo;
  /** What a login can be bound to, the best first. */
  readonly bindings?: readonly ChannelBinding[] | undefined;
  /** On a server: whom the client's certificate names, if it showed one that was verified. */
  readonly certified?: readonly string[] | undefined;
}

/**
 * Starts TLS as the client and resolves once the server is proven.
 *
 * @throws TlsError `tls-untrusted`, `tls-expired`, `tls-wrong-host`, `tls-pin-mismatch`, `tls-handshake`.
 *   TimeoutError `tls-timeout`. UsageError `bad-certificate`, nothing sent.
 */
export function startTls(
  plain: Duplex,
  host: string,
  options: TlsOptions = {},
  timeout = HANDSHAKE,
  signal?: AbortSignal,
): Promise<Secured> {
  const pinned = options.fingerprint !== undefined;
  const name = serverName(host);
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: plain,
      // RFC 6066 §3: a literal address is no server name.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      host: name,
      secureContext: contextOf(options),
      rejectUnauthorized: !pinned,
      checkServerIdentity: checkName,
    });
    // Seen before Node judges it: of a certificate that is refused, nothing is left to show by the time of the error.
    let certificate: PeerCertificate | undefined;
    const settle = (error?: Error) => {
      clearTimeout(timer);
      socket.off('error', settle).off('close', closed).off('secureConnect', secured);
      signal?.removeEventListener('abort', abort);
      // An error between here and the channel's own listener shows as a destroyed socket.
      socket.on('error', () => undefined);
      if (error === undefined)
        return resolve({ socket, tls: tlsInfo(socket), bindings: bindingsOf(socket, certificate?.raw) });
      socket.destroy();
      reject(error instanceof PosthornError ? error : refusal(error, host, certificate));
    };
    const closed = () => settle(brokenOff(host));
    const abort = () => settle(aborted(signal, 'tls'));
    const secured = () => settle(pinned ? pinMismatch(certificate, host, options.fingerprint ?? '') : undefined);
    const timer = setTimeout(() => settle(tooSlow(host, timeout)), timeout);
    signal?.addEventListener('abort', abort, { once: true });
    socket
      .prependListener('secure', () => {
        certificate = socket.getPeerCertificate();
      })
      .on('error', settle)
      .on('close', closed)
      .on('secureConnect', secured);
  });
}

/** A host as certificates and SNI name it: A-labels, and no dot at the end (RFC 6066 §3, RFC 6125 §6.4.2). */
function serverName(host: string): string {
  const name = host.replace(/\.$/, '');
  return /^[!-~]*$/.test(name) ? name : domainToASCII(name) || name;
}

function contextOf({ ca, certificate, key }: TlsOptions): SecureContext {
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ...ca] }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
    });
  } catch (cause) {
    throw new UsageError('bad-certificate', 'The certificates for TLS cannot be used.', {
      phase: 'tls',
      hint: 'They must be PEM, the client certificate and its key a pair without a passphrase, an RSA key of 2048 bits at least.',
      cause,
    });
  }
}

/**
 * A common name counts only where the certificate has no alternative name of any kind (RFC 6125 §6.4.4). Node asks for
 * it also where the alternatives are, say, URIs.
 */
function checkName(host: string, certificate: PeerCertificate): Error | undefined {
  if (!certificate.subjectaltname) return checkServerIdentity(host, certificate);
  return checkServerIdentity(host, { ...certificate, subject: { ...certificate.subject, CN: '' } });
}

/** Reads from a socket what protects it. */
export function tlsInfo(socket: TLSSocket): TlsInfo {
  // A socket that is gone already has no certificate; its type does not say so.
  const certificate: Partial<PeerCertificate> | null = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher()?.name ?? 'unknown',
    subject: nameOf(certificate?.subject),
    issuer: nameOf(certificate?.issuer),
    validTo: certificate?.valid_to ?? '',
    fingerprint: certificate?.fingerprint256 ?? '',
  };
}
