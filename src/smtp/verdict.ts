/**
 * What an answer to a message means, and what the loss of it means (RFC 5321 §4.2.5, RFC 1047).
 *
 * "Sent" means a 2xx that came after the last octet was written, and nothing else. Until then the message can be sent
 * again; from then on, without an answer, its fate is unknown, and that is said and not guessed.
 */
import { ConnectionLostError, type PosthornError, ProtocolError, type RecipientFate } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { notSent } from '../net/requests.ts';
import { describeReply, endsSession, type Reply, refusal, succeeded } from './reply.ts';

/** The answer to a message that is wholly written. @throws ConnectionLostError when nobody knows whether it was taken. */
export async function verdict(channel: Channel, value: Promise<Reply>): Promise<Reply> {
  const answer = await value.catch((error: unknown) => {
    throw unanswered(error as PosthornError);
  });
  if (succeeded(answer)) return answer;
  const error = refusal(answer, 'data');
  if (endsSession(answer)) channel.fail(error);
  throw meansNothing(answer) ? unanswered(error) : error;
}

/**
 * The answer to a message that left along with its commands, one of which was refused. @throws ConnectionLostError where
 * the server took it all the same, for nobody knows whom; that ends the connection.
 */
export async function refused(channel: Channel, value: Promise<Reply>): Promise<void> {
  const answer = await value.catch(() => undefined);
  if (answer === undefined || !succeeded(answer)) return;
  const message = `The server took a message that it had refused (${describeReply(answer)}).`;
  const error = new ProtocolError('contradiction', message, { phase: 'data' });
  channel.fail(error);
  throw unanswered(error);
}

/** A recipient, and the answer to RCPT. */
export interface Introduced {
  readonly address: string;
  readonly reply: Reply;
}

/**
 * The same with LMTP, where each recipient has an answer of its own: some may get the message and others not, and that
 * is no error (RFC 2033 §4.2). Resolves to the last word on each: who was refused before has no second answer.
 *
 * @throws ConnectionLostError when an answer did not come; its `recipients` say what is known of each.
 */
export async function verdicts(
  channel: Channel,
  recipients: readonly Introduced[],
  values: readonly Promise<Reply>[],
): Promise<readonly Reply[]> {
  const pending = [...values];
  const settled = await Promise.allSettled(
    recipients.map(({ reply }) => (succeeded(reply) && pending.shift()) || Promise.resolve(reply)),
  );
  const replies = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const last = replies.find((reply) => !succeeded(reply) && endsSession(reply));
  if (last !== undefined) channel.fail(refusal(last, 'data'));
  const fates = settled.map((each, at): RecipientFate => {
    const known = each.status === 'fulfilled' && !meansNothing(each.value);
    const fate = known ? (succeeded(each.value) ? 'sent' : 'refused') : 'unknown';
    return { address: recipients[at]?.address ?? '', fate };
  });
  if (fates.every(({ fate }) => fate !== 'unknown')) return replies;
  const lost = settled.find((each) => each.status === 'rejected')?.reason ?? refusal(last as Reply, 'data');
  throw unanswered(lost as PosthornError, fates);
}

/** An answer that is neither a yes nor a no to anything. */
function meansNothing(answer: Reply): boolean {
  return !succeeded(answer) && answer.code < 400;
}

/** The answer to a whole message is missing. What had not wholly left can be sent again. */
function unanswered(failure: PosthornError, recipients: readonly RecipientFate[] = []): unknown {
  if (failure instanceof ConnectionLostError && failure.outcome === 'not-sent') return notYetSent(failure);
  const others = recipients.filter(({ fate }) => fate !== 'unknown');
  const known = others.map(({ address, fate }) => ` ${address} ${fate === 'sent' ? 'got it.' : 'did not get it.'}`);
  const message = `It is not known whether the message was sent: ${failure.message}${known.join('')}`;
  return new ConnectionLostError('unknown', message, {
    phase: 'after the final dot',
    hint: 'Look whether it arrived before you send it again.',
    cause: failure,
    transcript: failure.transcript,
    recipients,
  });
}

/** Before the last octet every loss is one that can be repeated. */
export function notYetSent(error: unknown): unknown {
  if (!(error instanceof ConnectionLostError)) return error;
  const lost = notSent(error);
  lost.message = `${lost.message} The message was not sent.`;
  lost.hint = 'Send it again.';
  return lost;
}

/** An answer before the end: a refusal stops the message, and anything else is no acceptance. */
export function early(answer: Reply): PosthornError {
  if (answer.code >= 400) return refusal(answer, 'data');
  return new ProtocolError('premature-reply', `The server answered ${answer.code} before the message was complete.`, {
    phase: 'data',
    hint: 'The message was not sent. Try again later.',
  });
}
