/** Why a channel gives its connection up, in sentences: what happened, and what a person can do about it. */
import {
  AbortedError,
  ConnectionLostError,
  InternalError,
  PosthornError,
  ProtocolError,
  TimeoutError,
} from '../errors.ts';

const TAMPERING = 'Somebody between you and the server may be tampering with the connection.';

/** Text in clear that would be taken for something said under TLS (CVE-2011-0411, CVE-2021-22947). */
export function injected(): ProtocolError {
  const message = 'There was unread plain text on the connection when TLS was to start.';
  return new ProtocolError('tls-injection', message, { phase: 'starttls', hint: TAMPERING });
}

/** The two sides no longer agree on what answers what. */
export function unasked(): ProtocolError {
  const message = 'The server said something that nothing had been asked for.';
  return new ProtocolError('unsolicited', message, { hint: TAMPERING });
}

/** The caller stopped the work by a signal. Without a `phase` it is that of the request whose answer came next. */
export function aborted(signal: AbortSignal | undefined, phase?: string): AbortedError {
  return new AbortedError('aborted', 'Stopped.', { phase, cause: signal?.reason });
}

const OWN_CERTIFICATE = 'Check --tls-certificate and --tls-key, and ask whoever runs the server.';

/** RFC 8446 §4.4.2.4, §6.2: what a server says of our own certificate comes when the handshake is over for us. */
const ALERTS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: [
    'it asks for a client certificate',
    'Give one with --tls-certificate FILE and --tls-key FILE.',
  ],
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: ['it does not trust the authority of our certificate', OWN_CERTIFICATE],
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED': ['our certificate has expired', OWN_CERTIFICATE],
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': ['it does not accept our certificate', OWN_CERTIFICATE],
};

/** `used`: whether any octet had left, so that the other side may have acted on it. */
export function lost(used: boolean, cause: NodeJS.ErrnoException | undefined): ConnectionLostError {
  const [reason, hint] = ALERTS[cause?.code ?? ''] ?? [];
  const message = `The other side closed the connection${reason === undefined ? '' : `: ${reason}`}.`;
  return new ConnectionLostError(used ? 'unknown' : 'not-sent', message, { cause, hint });
}

/** `phase`: of the request that was not answered. A server that does not even greet may wait for us to begin with TLS. */
export function expired(milliseconds: number, phase?: string): TimeoutError {
  const seconds = Math.round(milliseconds / 100) / 10;
  const time = `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
  const [message, hint] =
    phase === 'greeting'
      ? [
          `The server took the connection and did not greet within ${time}.`,
          'It may be busy, or wait for TLS: pop3s: and smtps: start with it (995, 465), pop3: and smtp: ask for it (110, 587).',
        ]
      : [`The other side did not answer within ${time}.`, 'Try again later, or allow more time with --timeout.'];
  return new TimeoutError('timeout', message, { hint });
}

/** What a sink or a handshake threw, as a reason for the end of a connection. */
export function asFailure(error: unknown): PosthornError {
  if (error instanceof PosthornError) return error;
  return new InternalError('internal', 'The connection was given up because of a fault on this side.', {
    cause: error,
  });
}
