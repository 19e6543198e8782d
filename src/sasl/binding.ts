/**
 * Channel binding (RFC 5056): a value that both ends of one TLS connection know, and that nobody between them can have.
 *
 * A mechanism signs it, and the login is then worth nothing on another connection. This file must never know TLS: who
 * owns the socket reads the value from it.
 */
export interface ChannelBinding {
  /** As registered with IANA: RFC 9266 for TLS 1.3, RFC 5929 §4 for any version. */
  readonly type: 'tls-exporter' | 'tls-server-end-point';
  readonly data: Uint8Array;
}
