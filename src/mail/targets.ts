/**
 * The places that mail can go to instead of the mailbox: another Maildir, a mailbox file, a program, an LMTP server.
 *
 * Each says that it has a message only when it has it durably: a file that is synced, exit code 0, a 250. A place that
 * cannot be asked whether it has a message already, which is each but a Maildir, may get one twice where the program is
 * ended between that word and our journal; it never misses one.
 */
import type { DeliverTarget } from '../config/deliver-target.ts';
import { PosthornError, ReplyError, StoreError, UsageError } from '../errors.ts';
import { type MboxEnvelope, mboxEntry } from '../mime/mbox.ts';
import type { SmtpClient } from '../smtp/client.ts';
import { isPassing } from '../smtp/pool-connection.ts';
import { Maildir } from '../store/maildir.ts';
import { appendToMbox } from '../store/mbox-file.ts';
import { readStored } from '../store/reader.ts';
import { withLf } from '../wire/eol.ts';
import type { Account, Surroundings } from './account.ts';
import { openSmtp, type Say } from './session.ts';

/** A message that is on this disk, not yet where it belongs. */
export interface Held {
  /** A name that no other message has. */
  readonly base: string;
  readonly path: string;
  readonly size: number;
}

export interface Target {
  /** Resolves when the place has the message, durably. @throws Refused where it does not take this one; else it takes none. */
  take(message: Held): Promise<void>;
  close(): Promise<void>;
}

/** A place does not take a message, now or at all; it may take the next one. */
export class Refused extends Error {}

/** @throws StoreError for a Maildir that cannot be opened; UsageError `cannot-run` where no programs can be run. */
export async function openTarget(
  target: DeliverTarget,
  account: Account,
  surroundings: Surroundings,
  say: Say,
): Promise<Target> {
  switch (target.kind) {
    case 'maildir':
      return maildirTarget(await Maildir.open(target.path, { create: true }));
    case 'mbox':
      return {
        take: ({ path }) => appendToMbox(target.path, mboxEntry(readStored(path), envelope())),
        close: async () => undefined,
      };
    case 'mda':
      return programTarget(target.command, account, surroundings);
    case 'lmtp':
      return lmtpTarget(target.recipient ?? account.pop3?.user, () =>
        openSmtp({ ...account, smtp: target.url }, surroundings, say),
      );
  }
}

/** The name it would have here is its name there, so that what is there already is known. */
function maildirTarget(maildir: Maildir): Target {
  return {
    async take({ base, path }) {
      // What a run left that was killed in the middle of this: a file that is not finished, or one whose entry is not durable.
      await maildir.removeUnfinished(new Set([base]));
      if ((await maildir.find(base)) !== undefined) return maildir.sync();
      const delivery = maildir.deliver(base);
      try {
        for await (const chunk of readStored(path)) await delivery.write(chunk);
        await delivery.commit();
      } catch (error) {
        await delivery.abort();
        throw error;
      }
    },
    close: async () => undefined,
  };
}

function programTarget(command: string, { name = '' }: Account, { run }: Surroundings): Target {
  if (run === undefined) throw new UsageError('cannot-run', 'No programs can be run here.');
  return {
    async take({ path }) {
      const ended = await run(command, withLf(readStored(path)), { POSTHORN_ACCOUNT: name });
      if ('failure' in ended) throw new StoreError('delivery-failed', `The delivery command ${ended.failure}.`);
      if (ended.code === 75) throw new Refused('the delivery command says: try again later (75)');
      if (ended.code !== 0) throw new Refused(`the delivery command refused it (exit code ${ended.code})`);
    },
    close: async () => undefined,
  };
}

function lmtpTarget(recipient: string | undefined, connect: () => Promise<SmtpClient>): Target {
  if (recipient === undefined) {
    throw new UsageError('bad-deliver', 'The LMTP URL names no recipient.', {
      hint: 'Write it before the host: lmtp+unix://ann@/run/lmtp.sock',
    });
  }
  let client: SmtpClient | undefined;
  return {
    async take(message) {
      for (;;) {
        const standing = client?.open === true;
        if (client === undefined || !standing) client = await connect();
        try {
          return await giveTo(client, recipient, message);
        } catch (error) {
          // A server may end a session between two messages, or when it has had enough of them (RFC 5321 §3.8).
          if (standing && isPassing(error)) continue;
          throw error instanceof ReplyError ? new Refused(error.message) : error;
        }
      }
    },
    close: async () => {
      await client?.quit().catch((error: unknown) => {
        if (!(error instanceof PosthornError)) throw error;
      });
    },
  };
}

/** @throws Refused, and whatever `SmtpClient.send` throws. */
async function giveTo(client: SmtpClient, recipient: string, { path, size }: Held): Promise<void> {
  const has8bit = client.capabilities.has('8BITMIME');
  const message = { chunks: () => readStored(path), size, has8bit };
  const { outcome, recipients } = await client.send({ from: '', recipients: [recipient] }, message);
  if (outcome !== 'sent') throw new Refused(recipients.map(({ reply }) => reply.lines.join(' ')).join(' '));
}

function envelope(): MboxEnvelope {
  return { sender: undefined, date: new Date() };
}
