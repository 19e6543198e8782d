/**
 * A fetch with deletion from a small maildrop, to be disturbed in every way, and what must be true afterwards: exactly
 * one copy of each message, none lost, nothing half done left over.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runHere } from './here.ts';
import { MAILDROP_PASSWORD, type MaildropOptions, type RefillableMaildrop, startMaildrop } from './maildrop.ts';
import type { Scope } from './process.ts';
import { type Home, makeHome } from './program.ts';
import { runTraced, type Traced, type Tracing } from './traced.ts';

/** Where a run of the program puts what it keeps, below its home. */
export const PLACES: readonly string[] = ['data', 'state'];

/** One of them is longer than what is gathered before a write. */
const CONTENTS: readonly Buffer[] = [10, 1, 300, 5, 20].map((lines, at) => messageOf(at, lines));

/** A message of so many kilobytes. */
export function messageOf(at: number, lines: number): Buffer {
  return Buffer.from(`Subject: message ${at}\r\n\r\n${`.${'x'.repeat(990)}\r\n`.repeat(lines)}`);
}

export class FetchScene {
  readonly home: Home;
  readonly drop: RefillableMaildrop;
  readonly contents: readonly Buffer[];
  readonly args: readonly string[];
  readonly maildir: string;
  readonly state: string;

  private constructor(home: Home, drop: RefillableMaildrop, contents: readonly Buffer[]) {
    this.home = home;
    this.drop = drop;
    this.contents = contents;
    this.args = ['fetch', '--delete', '--json', '--pop3', drop.url];
    this.maildir = join(home.folder, 'data/posthorn', drop.mailbox);
    this.state = join(home.folder, 'state/posthorn', drop.mailbox);
  }

  static async make(scope: Scope, options: MaildropOptions = {}, contents = CONTENTS): Promise<FetchScene> {
    const home = await makeHome(scope, { POSTHORN_PASSWORD: MAILDROP_PASSWORD });
    return new FetchScene(home, await startMaildrop(scope, contents, options), contents);
  }

  /** As if nothing had ever been fetched. */
  reset(): void {
    for (const place of PLACES) rmSync(join(this.home.folder, place), { recursive: true, force: true });
    this.drop.refill();
  }

  traced(tracing: Tracing, options: readonly string[] = []): Promise<Traced> {
    return runTraced(this.home, [...this.args, ...options], tracing);
  }

  /** Puts away what is kept now; returns what brings it back. The server gets these of its messages again, or all. */
  keep(uids?: readonly string[]): () => void {
    const restore = keepPlaces(this.home);
    return () => {
      restore();
      this.drop.refill(uids);
    };
  }

  /** The files of a part of the Maildir; none where there is none. */
  files(part: 'new' | 'cur' | 'tmp'): string[] {
    const folder = join(this.maildir, part);
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  }

  /** What has a name in the mailbox is a whole message, and what is not on the server any more is here. */
  assertNothingLost(): void {
    const all = sorted(this.contents);
    const here = sorted(this.files('new').map((path) => readFileSync(path)));
    for (const text of here) assert.ok(all.includes(text), 'a message is here in part');
    const left = new Set(this.drop.left());
    for (const [at, content] of this.contents.entries())
      assert.ok(left.has(`u${at + 1}`) || here.includes(content.toString('latin1')), `message ${at} is lost`);
  }

  /** The next run has everything once, and clears everything up. */
  async assertMended(): Promise<void> {
    await this.again();
    this.assertComplete();
  }

  /** The same fetch once more, with other options, which ends well. It is in this process. */
  async again(options: readonly string[] = []): Promise<void> {
    const args = [...this.args, ...options];
    let next = await runHere(this.home.env, args);
    // Killed within the four calls of a takeover, a run leaves a lock that is cleared for the one behind the next.
    if (/using this mailbox/.test(next.stderr)) next = await runHere(this.home.env, args);
    assert.equal(next.code, 0, next.stderr);
  }

  /** These are all messages, each once. */
  assertHas(messages: readonly Buffer[]): void {
    assert.deepEqual(sorted(messages), sorted(this.contents));
  }

  assertComplete(): void {
    assert.deepEqual(this.drop.left(), []);
    this.assertHas([...this.files('new'), ...this.files('cur')].map((path) => readFileSync(path)));
    assert.deepEqual(this.files('tmp'), []);
    assert.deepEqual(readdirSync(this.state), ['journal'], 'something is left over');
  }
}

/** Puts away what a home keeps now; returns what brings it back. */
export function keepPlaces({ folder }: Home): () => void {
  for (const place of PLACES) cpSync(join(folder, place), join(folder, `${place}.kept`), { recursive: true });
  return () => {
    for (const place of PLACES) {
      rmSync(join(folder, place), { recursive: true, force: true });
      cpSync(join(folder, `${place}.kept`), join(folder, place), { recursive: true });
    }
  };
}

function sorted(messages: readonly Buffer[]): string[] {
  return messages.map((bytes) => bytes.toString('latin1')).sort();
}
