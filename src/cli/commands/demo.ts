/**
 * `posthorn demo`: the whole way of a message, on the sandbox, with the real conversation of both protocols.
 *
 * Why: somebody who has just installed the program should see it do its main job before they trust it with their mail.
 * Nothing is staged: each step is the use case the command of that name runs, and a step that fails ends the program.
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ProtocolError } from '../../errors.ts';
import { type Account, resolveAccount, type Surroundings } from '../../mail/account.ts';
import { checkMail } from '../../mail/check.ts';
import { composeMessage } from '../../mail/compose.ts';
import { fetchMail } from '../../mail/fetch.ts';
import { greetPop3, greetSmtp, type ServerInfo } from '../../mail/greet.ts';
import { listMail } from '../../mail/list.ts';
import { openMessage, readOpened } from '../../mail/read.ts';
import { type SavedPart, saveParts } from '../../mail/save.ts';
import { sendMessage } from '../../mail/send.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { readStored } from '../../store/reader.ts';
import { PrivateFolder } from '../../store/private-folder.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { renderMessage } from '../message-view.ts';
import { senderOf } from '../address-view.ts';
import { rowOf } from '../local-list.ts';
import { formatBytes, renderList } from '../table.ts';
import { safeText } from '../terminal.ts';
import { privateHome } from './sandbox.ts';

const SUBJECT = 'Grüße mit zwei Anhängen 📯';
const TEXT =
  'Hallo Bob,\n\nzwei Dateien für dich: eine große und eine mit Umlauten im Namen.\n\n.. und eine Zeile, die mit Punkten beginnt.\n\nAnn\n';
const BINARY = 'photo.bin';
const NAMED = 'Übersicht März – итог.txt';

export function define(command: Command, run: Run): void {
  command
    .addHelpText(
      'after',
      '\nIt needs no configuration and no network, and leaves nothing behind.\n\nExample:\n  posthorn demo',
    )
    .action(run((context) => demo(context)));
}

async function demo(context: Context): Promise<void> {
  const folder = await PrivateFolder.create();
  const sandbox = await startSandbox({ samples: false });
  try {
    await new Demo(context, sandbox, folder).run();
  } finally {
    await sandbox.close();
    await folder.remove();
  }
}

class Demo {
  readonly #context: Context;
  readonly #sandbox: Sandbox;
  readonly #folder: PrivateFolder;
  readonly #surroundings: Surroundings;
  #step = 0;

  constructor(context: Context, sandbox: Sandbox, folder: PrivateFolder) {
    this.#context = context;
    this.#sandbox = sandbox;
    this.#folder = folder;
    const { env, home, uid, signal } = context.surroundings;
    const password = sandbox.users[0]?.password;
    this.#surroundings = {
      env: { ...env, ...privateHome(folder.path), POSTHORN_PASSWORD: password },
      home,
      uid,
      signal,
      trace: (line) => this.#print(`    ${context.output.style.dim(safeText(line))}`),
    };
  }

  async run(): Promise<void> {
    const [ann, bob] = await this.#accounts();
    await this.#greet(ann);
    const originals = await this.#send(ann);
    await this.#check(bob);
    await this.#fetch(bob);
    await this.#list(bob);
    const saved = await this.#readAndSave(bob);
    await this.#compare(originals, saved);
    if (this.#context.output.isJson)
      this.#context.output.json({ ok: true, attachments: Object.fromEntries(originals) });
    this.#print(
      '',
      this.#context.output.style.bold('It works. Try next:'),
      '  posthorn sandbox                   keep these servers running, and play',
      '  posthorn --help                    see all commands',
      '  posthorn fetch --pop3 pop3s://YOU%40example.org@YOUR.SERVER',
    );
  }

  async #accounts(): Promise<[Account, Account]> {
    const { host, ports, authority, users } = this.#sandbox;
    this.#say(
      'Start an SMTP and a POP3 server on this machine',
      `SMTP on ${host}:${ports.smtp} (STARTTLS), POP3 on ${host}:${ports.pop3s} (TLS)`,
    );
    const caFile = await this.#folder.write('authority.pem', authority);
    const account = ({ address }: { address: string }) => {
      const login = encodeURIComponent(address);
      const request = {
        smtp: `smtp://${login}@${host}:${ports.smtp}`,
        pop3: `pop3s://${login}@${host}:${ports.pop3s}`,
        caFile,
      };
      return resolveAccount(request, this.#surroundings);
    };
    const [ann, bob] = await Promise.all(users.map(account));
    return [ann as Account, bob as Account];
  }

  async #greet(account: Account): Promise<void> {
    this.#say('Connect to both over TLS, log in, and ask what they can do');
    const warn = this.#warn;
    for (const [name, greet] of [
      ['SMTP', greetSmtp],
      ['POP3', greetPop3],
    ] as const) {
      const info: ServerInfo = await greet(account, this.#surroundings, warn);
      this.#print(
        safeText(
          `  ${name}: ${info.tls?.protocol ?? 'no TLS'}, certificate of ${info.tls?.subject ?? 'nobody'}; offers ${info.capabilities.join(', ')}`,
        ),
      );
    }
  }

  /** Returns the SHA-256 of each file by its name. */
  async #send(account: Account): Promise<Map<string, string>> {
    const files = new Map<string, Buffer>([
      [BINARY, randomBytes(1_500_000)],
      [NAMED, Buffer.from('März: 1234\nитог: 5678\n')],
    ]);
    const attach = await Promise.all([...files].map(([name, bytes]) => this.#folder.write(name, bytes)));
    this.#say(
      'Send a message with two attachments',
      `“${SUBJECT}” with ${[...files].map(([name, { length }]) => `${name} (${formatBytes(length)})`).join(' and ')}`,
    );
    const request = { to: ['Bob <bob@example.org>'], subject: SUBJECT, text: TEXT, attach };
    const message = await composeMessage(request, account.from);
    const { reply } = await sendMessage(message, account, this.#surroundings, {
      say: this.#warn,
      begin: () => undefined,
      progress: () => undefined,
    });
    this.#print(`  The server took it: ${safeText(reply?.lines.join(' ') ?? '')}`);
    return new Map([...files].map(([name, bytes]) => [name, sha256(bytes)]));
  }

  async #check(account: Account): Promise<void> {
    this.#say('Check what has come in, without downloading it');
    const { count, octets, messages } = await checkMail(account, this.#surroundings, this.#warn, 10);
    this.#require(count === 1, 'one message on the server');
    for (const { summary } of messages)
      this.#print(
        `  ${count} message, ${formatBytes(octets)}: ${safeText(`${senderOf(summary)}: ${summary?.subject ?? ''}`)}`,
      );
  }

  async #fetch(account: Account): Promise<void> {
    this.#say('Fetch it into a mailbox on disk');
    const hooks = { say: this.#warn, begin: () => undefined, progress: () => undefined };
    const { fetched } = await fetchMail(account, this.#surroundings, {}, hooks);
    this.#require(fetched.length === 1, 'one new message');
    const again = await fetchMail(account, { ...this.#surroundings, trace: undefined }, {}, hooks);
    this.#require(again.fetched.length === 0, 'nothing new the second time');
    this.#print(
      `  ${fetched.length} new message, ${formatBytes(fetched[0]?.size ?? 0)}; a second fetch brings nothing twice.`,
    );
  }

  async #list(account: Account): Promise<void> {
    this.#say('List the mailbox');
    const reports = { warn: (text: string) => this.#context.output.warn(text), progress: () => undefined };
    const { messages } = await listMail(account, { query: '', limit: 10 }, reports);
    const rows = messages.map(rowOf);
    this.#print(...renderList(rows, this.#context.output.columns - 2, new Date()).map((line) => `  ${line}`));
  }

  async #readAndSave(account: Account): Promise<SavedPart[]> {
    this.#say('Read it');
    const message = await openMessage(account, 1);
    const opened = await readOpened(message);
    this.#require(opened.subject === SUBJECT && opened.text === TEXT, 'the same subject and text');
    const { style } = this.#context.output;
    const shown = await renderMessage(opened, { style, columns: Number.POSITIVE_INFINITY });
    this.#print(shown.replaceAll(/^/gm, '  '));
    this.#say('Save its attachments');
    const saved: SavedPart[] = [];
    for await (const part of saveParts(message, [], join(this.#folder.path, 'saved'))) saved.push(part);
    return saved;
  }

  async #compare(originals: ReadonlyMap<string, string>, saved: readonly SavedPart[]): Promise<void> {
    this.#require(saved.length === originals.size, 'every attachment saved');
    for (const { name, path, size } of saved) {
      const hash = createHash('sha256');
      for await (const chunk of readStored(path)) hash.update(chunk);
      const digest = hash.digest('hex');
      this.#require(digest === originals.get(name), `the same SHA-256 for ${name}`);
      this.#print(
        `  ${this.#context.output.style.green('same')} ${digest.slice(0, 16)}…  ${safeText(name)}, ${formatBytes(size)}`,
      );
    }
  }

  readonly #warn = (text: string): void => this.#context.output.warn(text);

  #say(title: string, detail?: string): void {
    this.#step += 1;
    this.#print('', this.#context.output.style.bold(`${this.#step}. ${title}`));
    if (detail !== undefined) this.#print(`  ${safeText(detail)}`);
  }

  #print(...lines: string[]): void {
    if (!this.#context.output.isJson) for (const line of lines) this.#context.output.data(line);
  }

  #require(holds: boolean, what: string): void {
    if (!holds)
      throw new ProtocolError('demo-failed', `The demonstration failed: expected ${what}.`, {
        hint: 'Please report it.',
      });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
