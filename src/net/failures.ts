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

export function aborted(): AbortedError {
  return new AbortedError('aborted', 'Stopped.');
}

/** `used`: whether any octet had left, so that the other side may have acted on it. */
export function lost(used: boolean, cause: Error | undefined): ConnectionLostError {
  return new ConnectionLostError(used ? 'unknown' : 'not-sent', 'The other side closed the connection.', { cause });
}

export function expired(milliseconds: number): TimeoutError {
  const seconds = Math.round(milliseconds / 100) / 10;
  return new TimeoutError('timeout', `The other side did not answer within ${seconds} seconds.`, {
    hint: 'Try again later, or allow more time with --timeout.',
  });
}

/** What a sink or a handshake threw, as a reason for the end of a connection. */
export function asFailure(error: unknown): PosthornError {
  if (error instanceof PosthornError) return error;
  return new InternalError('internal', 'The connection was given up because of a fault on this side.', {
    cause: error,
  });
}
