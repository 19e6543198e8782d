/**
 * What can be wrong with a handshake or a certificate, in words: which certificate, for which name, why, and what to do.
 */
import type { PeerCertificate } from 'node:tls';
import { TimeoutError, TlsError } from '../errors.ts';

const PORTS =
  'Check that this port speaks TLS: pop3s: and smtps: start with TLS (995, 465), pop3: and smtp: ask for it (110, 587).';
const UNTRUSTED = 'Trust its authority with --ca-file FILE, or pin this one certificate with --tls-fingerprint';
const TELL = 'Tell whoever runs the server; do not send a password.';

type Fault = readonly [code: string, reason: string];

/** What OpenSSL and Node call the trouble with a certificate. */
const CERTIFICATE_FAULTS: Readonly<Record<string, Fault>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: ['tls-untrusted', 'it is self-signed'],
  SELF_SIGNED_CERT_IN_CHAIN: ['tls-untrusted', 'it was issued by an authority that is not trusted here'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['tls-untrusted', 'it was issued by an authority that is not trusted here'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['tls-untrusted', 'it was issued by an authority that is not trusted here'],
  CERT_HAS_EXPIRED: ['tls-expired', 'it has expired'],
  CERT_NOT_YET_VALID: ['tls-expired', 'it is not valid yet'],
  CERT_REVOKED: ['tls-revoked', 'it has been revoked'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['tls-wrong-host', 'it is for another name'],
  // QUIRK: Node has no code of its own for these (it says UNSPECIFIED), so OpenSSL's fixed words stand for one.
  'EE certificate key too weak': ['tls-weak', 'its key is too weak'],
  'CA certificate key too weak': ['tls-weak', 'the key of its authority is too weak'],
  'CA signature digest algorithm too weak': ['tls-weak', 'it is signed with a hash that is too weak'],
};

const UNSAFE = 'Tell whoever runs the server: TLS 1.2 with current ciphers is the least that is spoken here.';

/** What ends a handshake before there is a certificate to judge. */
const HANDSHAKE_FAULTS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: ['what it says is not TLS', PORTS],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['what it says is not TLS', PORTS],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ['it speaks no version of TLS that is still safe', UNSAFE],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ['it speaks no version of TLS that is still safe', UNSAFE],
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': [
    'it refuses the handshake, for want of a safe cipher in common or of a client certificate',
    UNSAFE,
  ],
};

/** Of an error of the socket, while or after the server showed its `certificate`. */
export function refusal(
  error: NodeJS.ErrnoException,
  host: string,
  certificate: PeerCertificate | undefined,
): TlsError {
  const { code = '' } = error;
  if (code === 'ECONNRESET') return brokenOff(host, error);
  const fault = CERTIFICATE_FAULTS[code] ?? CERTIFICATE_FAULTS[error.message];
  if (fault !== undefined) return badCertificate(error, host, certificate, fault);
  const [reason, hint] = HANDSHAKE_FAULTS[code] ?? [];
  if (reason === undefined && certificate?.subject !== undefined)
    return badCertificate(error, host, certificate, ['tls-untrusted', `it does not verify (${code || error.message})`]);
  const why = reason ?? `the handshake failed (${code || error.message})`;
  return new TlsError('tls-handshake', `No TLS with ${host}: ${why}.`, {
    phase: 'tls',
    hint: hint ?? PORTS,
    cause: error,
  });
}

function badCertificate(
  cause: Error,
  host: string,
  certificate: PeerCertificate | undefined,
  [code, reason]: Fault,
): TlsError {
  const [subject, issuer] = [nameOf(certificate?.subject), nameOf(certificate?.issuer)];
  const validTo = certificate?.valid_to ?? 'unknown';
  const message = `The certificate of ${host} cannot be accepted: ${reason} (for ${subject}, from ${issuer}, valid to ${validTo}).`;
  const hint = {
    'tls-untrusted': `${UNTRUSTED} ${certificate?.fingerprint256} once you have checked it.`,
    'tls-wrong-host': `It names ${certificate?.subjectaltname ?? subject}: connect by that name if it is the right server.`,
  }[code];
  return new TlsError(code, message, { phase: 'tls', hint: hint ?? TELL, cause });
}

/** What is wrong with a certificate that should be the pinned one; undefined if it is that. */
export function pinMismatch(
  certificate: PeerCertificate | undefined,
  host: string,
  expected: string,
): TlsError | undefined {
  const actual = certificate?.fingerprint256 ?? '';
  if (actual !== '' && bare(actual) === bare(expected)) return undefined;
  const message = `The certificate of ${host} is not the pinned one: it has SHA-256 ${actual || 'of nothing'}, and ${colons(expected)} is pinned.`;
  return new TlsError('tls-pin-mismatch', message, {
    phase: 'tls',
    hint: 'If the server has a new certificate, check it over another way before you change the pin.',
  });
}

export function brokenOff(host: string, cause?: Error): TlsError {
  return new TlsError('tls-handshake', `${host} closed the connection during the TLS handshake.`, {
    phase: 'tls',
    hint: PORTS,
    cause,
  });
}

export function tooSlow(host: string, timeout: number): TimeoutError {
  return new TimeoutError('tls-timeout', `${host} did not finish the TLS handshake within ${timeout / 1000} seconds.`, {
    phase: 'tls',
    hint: PORTS,
  });
}

/** Whom a certificate names, or who issued it, in a word. */
export function nameOf(name: PeerCertificate['subject'] | undefined): string {
  return String(name?.CN ?? name?.O ?? 'nobody');
}

function bare(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toUpperCase();
}

/** As certificates are shown everywhere else. */
function colons(fingerprint: string): string {
  return bare(fingerprint).replaceAll(/..(?!$)/g, '$&:');
}
