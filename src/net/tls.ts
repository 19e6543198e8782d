/**
 * TLS over a socket that exists: the checks, the pin, and errors a person can act on.
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
import { AbortedError, PosthornError, TimeoutError, TlsError, UsageError } from '../errors.ts';
import type { ChannelBinding } from '../sasl/binding.ts';
import { bindingsOf } from './binding.ts';

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

const PORTS =
  'Check that this port speaks TLS: pop3s: and smtps: start with TLS (995, 465), pop3: and smtp: ask for it (110, 587).';
const UNTRUSTED = 'Trust its authority with --ca-file FILE, or pin this one certificate with --tls-fingerprint';

/** What OpenSSL and Node call the trouble, and what we do. */
const FAULTS: Record<string, readonly [code: string, reason: string]> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: ['tls-untrusted', 'it is self-signed'],
  SELF_SIGNED_CERT_IN_CHAIN: ['tls-untrusted', 'it was issued by an authority that is not trusted here'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['tls-untrusted', 'it was issued by an authority that is not trusted here'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['tls-untrusted', 'it was issued by an authority that is not trusted here'],
  CERT_HAS_EXPIRED: ['tls-expired', 'it has expired'],
  CERT_NOT_YET_VALID: ['tls-expired', 'it is not valid yet'],
  CERT_REVOKED: ['tls-revoked', 'it has been revoked'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['tls-wrong-host', 'it is for another name'],
};

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
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: plain,
      // RFC 6066 §3: a literal address is no server name.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      host,
      secureContext: contextOf(options),
      rejectUnauthorized: !pinned,
      checkServerIdentity: checkName,
    });
    // Seen before Node judges it: of a certificate that is refused, nothing is left to show by the time of the error.
    let certificate: PeerCertificate | undefined;
    const settle = (error?: Error) => {
      clearTimeout(timer);
      socket.off('error', settle).off('close', closed).off('secureConnect', secured);
      signal?.removeEventListener('abort', aborted);
      // An error between here and the channel's own listener shows as a destroyed socket.
      socket.on('error', () => undefined);
      if (error === undefined)
        return resolve({ socket, tls: tlsInfo(socket), bindings: bindingsOf(socket, certificate?.raw) });
      socket.destroy();
      reject(error instanceof PosthornError ? error : explain(error, host, certificate));
    };
    const closed = () => settle(brokenOff(host));
    const aborted = () => settle(new AbortedError('aborted', 'Stopped.', { phase: 'tls' }));
    const secured = () => settle(pinned ? pinMismatch(socket, host, options.fingerprint ?? '') : undefined);
    const timer = setTimeout(() => settle(tooSlow(host, timeout)), timeout);
    signal?.addEventListener('abort', aborted, { once: true });
    socket
      .prependListener('secure', () => {
        certificate = socket.getPeerCertificate();
      })
      .on('error', settle)
      .on('close', closed)
      .on('secureConnect', secured);
  });
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
      hint: 'Authorities, the client certificate and its key must be PEM without a passphrase, and the last two a pair.',
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

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  return String(name?.CN ?? name?.O ?? 'nobody');
}

function bare(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toUpperCase();
}

function pinMismatch(socket: TLSSocket, host: string, expected: string): TlsError | undefined {
  const actual = socket.getPeerCertificate().fingerprint256 ?? '';
  if (actual !== '' && bare(actual) === bare(expected)) return undefined;
  return new TlsError(
    'tls-pin-mismatch',
    `The certificate of ${host} is not the pinned one: it has SHA-256 ${actual}.`,
    {
      phase: 'tls',
      hint: 'If the server has a new certificate, check it over another way before you change the pin.',
    },
  );
}

function brokenOff(host: string, cause?: Error): TlsError {
  return new TlsError('tls-handshake', `${host} closed the connection during the TLS handshake.`, {
    phase: 'tls',
    hint: PORTS,
    cause,
  });
}

function tooSlow(host: string, timeout: number): TimeoutError {
  return new TimeoutError('tls-timeout', `${host} did not finish the TLS handshake within ${timeout / 1000} seconds.`, {
    phase: 'tls',
    hint: PORTS,
  });
}

function explain(error: NodeJS.ErrnoException, host: string, certificate: PeerCertificate | undefined): TlsError {
  if (error.code === 'ECONNRESET') return brokenOff(host, error);
  const [code, reason] = FAULTS[error.code ?? ''] ?? ['tls-handshake', undefined];
  if (reason === undefined) {
    return new TlsError(code, `No TLS with ${host}: the handshake failed (${error.code ?? error.message}).`, {
      phase: 'tls',
      hint: PORTS,
      cause: error,
    });
  }
  const [subject, issuer] = [nameOf(certificate?.subject), nameOf(certificate?.issuer)];
  const validTo = certificate?.valid_to ?? 'unknown';
  const message = `The certificate of ${host} cannot be accepted: ${reason} (for ${subject}, from ${issuer}, valid to ${validTo}).`;
  const hint = {
    'tls-untrusted': `${UNTRUSTED} ${certificate?.fingerprint256} once you have checked it.`,
    'tls-wrong-host': `It names ${certificate?.subjectaltname ?? subject}: connect by that name if it is the right server.`,
  }[code];
  return new TlsError(code, message, {
    phase: 'tls',
    hint: hint ?? 'Tell whoever runs the server; do not send a password.',
    cause: error,
  });
}
