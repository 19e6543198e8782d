/**
 * What SASL may learn from a TLS connection: the values a login can be bound to, and whom a client's certificate names.
 *
 * `tls-unique` is not among the values: it proves nothing without the extended master secret, which Node does not tell.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ChannelBinding } from '../sasl/binding.ts';

/** The hash of a certificate's signature algorithm; RFC 5929 §4.1 puts SHA-256 in the place of MD5 and SHA-1. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.4', 'sha256'], // md5WithRSAEncryption
  ['1.2.840.113549.1.1.5', 'sha256'], // sha1WithRSAEncryption
  ['1.2.840.10045.4.1', 'sha256'], // ecdsa-with-SHA1
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);

/**
 * The bindings of a connection, the best first. `certificate` is the server's, in DER, on both sides.
 *
 * RFC 9266 gives TLS 1.2 the exporter too where the extended master secret is used; as that is not told, TLS 1.2 has the
 * end point only.
 */
export function bindingsOf(socket: TLSSocket, certificate: Uint8Array | undefined): ChannelBinding[] {
  const bindings: ChannelBinding[] = [];
  if (socket.getProtocol() === 'TLSv1.3') {
    // RFC 9266 §2: 32 octets, this label, and a context of no octets.
    const data = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    bindings.push({ type: 'tls-exporter', data });
  }
  const data = certificate === undefined ? undefined : endPoint(certificate);
  if (data !== undefined) bindings.push({ type: 'tls-server-end-point', data });
  return bindings;
}

/**
 * The hash of a certificate (RFC 5929 §4.1). Undefined where its signature has no hash of its own (Ed25519) or keeps it
 * among parameters (RSASSA-PSS): two sides might then not agree.
 */
export function endPoint(certificate: Uint8Array): Uint8Array | undefined {
  const hash = HASHES.get(new X509Certificate(certificate).signatureAlgorithmOid);
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest();
}

/** Whom the client's certificate names, if TLS verified it: its e-mail addresses, or else its one common name. */
export function certifiedNames(socket: TLSSocket): string[] {
  if (!socket.authorized) return [];
  const { subjectaltname = '', subject } = socket.getPeerCertificate();
  // Node puts a name that could be taken for several in quotes. Such a list is not taken apart at all.
  const names = subjectaltname.includes('"') ? [] : subjectaltname.split(', ');
  const addresses = names.filter((name) => name.startsWith('email:')).map((name) => name.slice('email:'.length));
  if (addresses.length > 0) return addresses;
  const common: unknown = subject.CN;
  return typeof common === 'string' && common !== '' ? [common] : [];
}
