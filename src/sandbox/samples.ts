/** A little mail to begin with, so that there is something to list, read and save at once. */
import { compose } from '../mime/compose.ts';
import { parseRecipient } from '../mime/recipient.ts';
import type { Draft } from '../mime/draft.ts';
import type { PostOffice } from './post-office.ts';

/** Delivers the sample messages to `address`. */
export async function sampleMail(office: PostOffice, address: string): Promise<void> {
  for (const draft of drafts(address)) {
    const message = compose(draft);
    const delivery = await office.deliver({ ...message.envelope, body: '7bit', utf8: false, size: message.size });
    for await (const chunk of message.chunks()) await delivery.write(chunk);
    await delivery.commit();
  }
}

function drafts(address: string): Draft[] {
  const to = [parseRecipient(address)];
  return [
    {
      // Not of the sandbox's own domain, where only its users have mailboxes: a letter that welcomes can be answered.
      from: parseRecipient('Posthorn <posthorn@example.com>'),
      to,
      subject: 'Welcome to the sandbox',
      text: 'This mailbox lives in memory, on this machine alone.\n\nSend something to bob@example.org, or to yourself, and fetch it again.\n',
    },
    {
      from: parseRecipient('Zoë Müller <zoe@example.net>'),
      to,
      subject: 'Grüße aus Köln ☕',
      text: 'Hallo!\n\nDie Tabelle ist angehängt.\n\nZoë\n',
      attachments: [attachment('Übersicht März.csv', 'Monat;Summe\r\nMärz;1234\r\n')],
    },
    {
      from: parseRecipient('"News, weekly" <news@example.com>'),
      to,
      subject: 'This week in mail',
      text: 'Everything that happened, in one line: nothing.\n',
      html: '<h1>This week in mail</h1><p>Everything that happened, in <b>one line</b>: nothing.</p>',
    },
  ];
}

function attachment(name: string, text: string) {
  const bytes = Buffer.from(text);
  return {
    name,
    size: bytes.length,
    open: async function* () {
      yield bytes;
    },
  };
}
