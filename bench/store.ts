/**
 * The index of a mailbox, side by side with notmuch on the same Maildir: making it, searching, listing the newest, and doing
 * something to one message. `npm run bench`
 * prints the tables for bench/RESULTS.md. The programs take turns, each with an index that is made anew; what a command takes
 * is to be seen against Node doing nothing and the start of the program.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeMaildir, messageId, WORD } from './support/maildir.ts';
import { compare, type Contender, here, type Run, runProgram, sayLoad } from './support/measure.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const MOST = Number(process.env['BENCH_MESSAGES'] ?? 100_000);

/** A home with one mailbox, and notmuch's database for the same. */
class Home {
  readonly #folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  readonly #maildir = join(this.#folder, 'data/posthorn/ann');
  readonly #env: Record<string, string> = {
    HOME: this.#folder,
    XDG_CONFIG_HOME: join(this.#folder, 'config'),
    XDG_DATA_HOME: join(this.#folder, 'data'),
    XDG_STATE_HOME: join(this.#folder, 'state'),
    XDG_CACHE_HOME: join(this.#folder, 'cache'),
    NOTMUCH_CONFIG: join(this.#folder, 'notmuch-config'),
  };
  #count = 0;
  #turn = 0;

  /** As many messages as that. The numbers are given, as a fetch would have done; the index is not made. */
  async grow(count: number): Promise<void> {
    makeMaildir(this.#maildir, this.#count + 1, count);
    this.#count = count;
    this.#configure();
    await this.posthorn('list');
  }

  #configure(): void {
    const database = join(this.#folder, `notmuch-${this.#turn}`);
    mkdirSync(database, { recursive: true });
    const config = `[database]\npath=${database}\nmail_root=${this.#maildir}\n[user]\nprimary_email=ann@example.org\n`;
    writeFileSync(join(this.#folder, 'notmuch-config'), config);
  }

  node(...args: string[]): Promise<Run> {
    return runProgram(process.execPath, args, this.#env);
  }

  posthorn(...args: string[]): Promise<Run> {
    return this.node('bin/posthorn.cjs', ...args);
  }

  /** Of a command that makes no index. */
  withoutIndex(...args: string[]): Promise<Run> {
    return runProgram(process.execPath, ['bin/posthorn.cjs', ...args], {
      ...this.#env,
      XDG_CACHE_HOME: join(this.#folder, 'none'),
    });
  }

  notmuch(...args: string[]): Promise<Run> {
    return runProgram('notmuch', args, this.#env);
  }

  /** An index in a new place: some file systems are slow to make files where many were just removed. */
  index(): Promise<Run> {
    this.#turn += 1;
    this.#env['XDG_CACHE_HOME'] = join(this.#folder, `cache-${this.#turn}`);
    return this.posthorn('list');
  }

  notmuchNew(): Promise<Run> {
    this.#turn += 1;
    this.#configure();
    return this.notmuch('new', '--quiet');
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function queries(home: Home): Contender[] {
  const posthorn = (...args: string[]) => ({ name: `posthorn ${args.join(' ')}`, run: () => home.posthorn(...args) });
  const notmuch = (...args: string[]) => ({ name: `notmuch ${args.join(' ')}`, run: () => home.notmuch(...args) });
  return [
    { name: 'node -e 0', run: () => home.node('-e', '0') },
    posthorn('--version'),
    posthorn('list'),
    posthorn('list', WORD),
    posthorn('list', WORD, 'is:unread', 'from:ka*'),
    posthorn('list', '--threads'),
    notmuch('search', '--limit=50', '*'),
    notmuch('search', '--limit=50', WORD),
  ];
}

/** Each run is about a message that nothing was done to before. */
function ofOne(home: Home): Contender[] {
  let last = MOST;
  const next = () => String(--last);
  const flagged = 'flagged';
  return [
    { name: 'node -e 0', run: () => home.node('-e', '0') },
    { name: 'posthorn --version', run: () => home.posthorn('--version') },
    { name: 'posthorn read N', run: () => home.posthorn('read', next()) },
    { name: 'posthorn read N, without an index', run: () => home.withoutIndex('read', next()) },
    { name: 'posthorn flag N flagged', run: () => home.posthorn('flag', next(), flagged) },
    { name: 'posthorn flag N flagged, without an index', run: () => home.withoutIndex('flag', next(), flagged) },
    { name: 'posthorn undo', run: () => home.posthorn('undo') },
    { name: 'posthorn list, behind these', run: () => home.posthorn('list') },
    { name: 'notmuch show', run: () => home.notmuch('show', `id:${messageId(Number(next()))}`) },
    { name: 'notmuch tag +flagged', run: () => home.notmuch('tag', `+${flagged}`, `id:${messageId(Number(next()))}`) },
  ];
}

/** The run that took the least processor time: what others do on the machine only adds to it. */
async function best(home: Home): Promise<Run> {
  const runs: Run[] = [];
  for (let round = 0; round < ROUNDS; round++) runs.push(await home.index());
  const memory = Math.max(...runs.map((run) => run.memory));
  return { ...runs.reduce((least, run) => (run.cpu < least.cpu ? run : least)), memory };
}

/** @param start the processor time of an index of no more than a message. */
async function perMessage(home: Home, count: number, start: number): Promise<string> {
  const { cpu, memory } = await best(home);
  const each = (seconds: number): number => Math.round((seconds * 1e6) / count);
  return `| ${count} | ${cpu.toFixed(2)} | ${each(cpu)} | ${each(cpu - start)} | ${Math.round(memory)} |`;
}

if (here('An index', ['notmuch'])) {
  const home = new Home();
  try {
    sayLoad('before store');
    await home.grow(1);
    const { cpu: start } = await best(home);
    const rows: string[] = [];
    for (const count of [MOST / 100, MOST / 10]) {
      await home.grow(count);
      rows.push(await perMessage(home, count, start));
    }
    await home.grow(MOST);
    await compare(`An index of ${MOST} messages`, ROUNDS, [
      { name: 'posthorn', run: () => home.index() },
      { name: 'notmuch', run: () => home.notmuchNew() },
    ]);
    rows.push(await perMessage(home, MOST, start));
    const columns = '| messages | CPU | microseconds each | without the start | MiB |\n| --- | --- | --- | --- | --- |';
    process.stdout.write(`### An index, for each message\n\n${columns}\n${rows.join('\n')}\n\n`);
    await compare(`Lists and searches in ${MOST} messages`, ROUNDS * 5, queries(home));
    await home.grow(2 * MOST);
    await compare(`Lists and searches in ${2 * MOST} messages`, ROUNDS * 5, queries(home).slice(0, 6));
    await home.notmuch('new', '--quiet');
    await compare(`Something done to one of ${2 * MOST} messages`, ROUNDS * 5, ofOne(home));
    sayLoad('behind store');
  } finally {
    home.remove();
  }
}
