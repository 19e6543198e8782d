/**
 * Fetches that do more than to store messages, killed by strace before each of their system calls in turn: headers of what
 * is large, the message in the place of its header, mail handed over to another place, and rules for new mail. After the
 * next run there is exactly one copy of each message, where and as it belongs.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Journal } from '../../src/store/journal.ts';
import { readRecord } from '../../src/store/ledger-record.ts';
import { KEPT, SAID } from '../support/call-points.ts';
import { FetchScene } from '../support/fetch-scene.ts';
import { runHere } from '../support/here.ts';
import { type KillSweep, sweepKills } from '../support/kill-sweep.ts';
import { startLmtpPlace } from '../support/lmtp-place.ts';
import { canTrace } from '../support/traced.ts';

const skip = canTrace() ? false : 'needs strace';
const STEP = 7;
/** Only the third message of a scene is larger. */
const SMALL = ['--max-size', '100k'];
const LARGE = 'u3';

function sweep(
  t: TestContext,
  scene: FetchScene,
  { options, ...rest }: Pick<KillSweep, 'prepare' | 'check'> & { readonly options: readonly string[] },
): Promise<void> {
  return sweepKills(t, { run: (tracing) => scene.traced(tracing, options), points: [KEPT, SAID], step: STEP, ...rest });
}

interface Row {
  readonly number: number;
  readonly subject: string;
  readonly folder: string;
  readonly flags: string;
  readonly tags: readonly string[];
}

/** All messages as the list has them: subject, folder, flags and tags. */
async function listed(scene: FetchScene): Promise<string[]> {
  const args = ['list', '(folder:trash or -folder:trash)', '--json', '--pop3', scene.drop.url];
  const { stdout, stderr, code } = await runHere(scene.home.env, args);
  assert.equal(code, 0, stderr);
  const { messages } = JSON.parse(stdout) as { messages: Row[] };
  return messages.map(({ subject, folder, flags, tags }) => [subject, folder, flags, ...tags].join(' ')).sort();
}

async function change(scene: FetchScene, ...args: string[]): Promise<void> {
  const { code, stderr } = await runHere(scene.home.env, [...args, '--pop3', scene.drop.url]);
  assert.equal(code, 0, stderr);
}

const filesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

test('a fetch that brings only the header of what is large', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  const check = async (): Promise<void> => {
    await scene.again(SMALL);
    assert.deepEqual(scene.drop.left(), [LARGE]);
    const here = await listed(scene);
    assert.deepEqual(
      here,
      [0, 1, 2, 3, 4].map((at) => `message ${at} inbox `),
    );
    await scene.again();
    scene.assertComplete();
  };
  await sweep(t, scene, { options: SMALL, prepare: () => scene.reset(), check });
});

test('a fetch of what was only a header so far, which lies in another folder by now', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  await scene.again(SMALL);
  const { messages } = JSON.parse(
    (await runHere(scene.home.env, ['list', '--json', '--pop3', scene.drop.url])).stdout,
  ) as { messages: Row[] };
  const number = String(messages.find(({ subject }) => subject === 'message 2')?.number);
  await change(scene, 'flag', number, 'flagged', 'seen');
  await change(scene, 'tag', number, 'work');
  await change(scene, 'move', number, 'Archive');
  const expected = [0, 1, 2, 3, 4].map((at) => (at === 2 ? 'message 2 Archive FS work' : `message ${at} inbox `));
  assert.deepEqual(await listed(scene), expected);
  const archive = join(scene.maildir, '.Archive');
  const check = async (): Promise<void> => {
    await scene.again();
    assert.deepEqual(scene.drop.left(), []);
    assert.deepEqual(await listed(scene), expected);
    const files = filesIn(join(archive, 'cur'));
    assert.equal(files.length, 1);
    assert.deepEqual(readFileSync(join(archive, 'cur', files[0] ?? '')), scene.contents[2]);
    assert.deepEqual([scene.files('new').length + scene.files('cur').length, filesIn(join(archive, 'new'))], [4, []]);
    assert.deepEqual(scene.files('tmp'), []);
  };
  await sweep(t, scene, { options: [], prepare: scene.keep([LARGE]), check });
});

test('a fetch that hands mail over to a Maildir', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  const place = join(scene.home.folder, 'data/posthorn-elsewhere');
  const options = ['--deliver', `maildir:${place}`];
  const check = async (): Promise<void> => {
    await scene.again(options);
    assert.deepEqual(scene.drop.left(), []);
    scene.assertHas(filesIn(join(place, 'new')).map((name) => readFileSync(join(place, 'new', name))));
    assert.deepEqual([filesIn(join(place, 'cur')), filesIn(join(place, 'tmp'))], [[], []]);
    assert.deepEqual([...scene.files('new'), ...scene.files('tmp')], []);
  };
  await sweep(t, scene, { options, prepare: () => scene.reset(), check });
});

/** A message as a place has it that takes lines ended by LF. */
const withLf = (message: Buffer): string => message.toString('latin1').replaceAll('\r\n', '\n');

/** How many messages a place has more than once, of which it has none not at all. */
function twice(scene: FetchScene, has: readonly string[]): number {
  const counts = scene.contents.map((message) => has.filter((each) => each === withLf(message)).length);
  assert.ok(
    counts.every((count) => count === 1 || count === 2),
    `it has them ${counts.join(', ')} times`,
  );
  return counts.filter((count) => count === 2).length;
}

test('a fetch that hands mail over to a mailbox file', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  const data = join(scene.home.folder, 'data');
  const place = join(data, 'posthorn-elsewhere');
  const options = ['--deliver', `mbox:${place}`];
  let doubles = 0;
  const check = async (): Promise<void> => {
    await scene.again(options);
    assert.deepEqual(scene.drop.left(), []);
    const entries = readFileSync(place, 'latin1').split(/^From MAILER-DAEMON .*\n/m);
    assert.equal(entries.shift(), '');
    const texts = entries.map((each) => each.slice(0, -1));
    assert.deepEqual(new Set(texts), new Set(scene.contents.map(withLf)), 'an entry is there in part');
    doubles += twice(scene, texts);
    assert.deepEqual(filesIn(data).sort(), ['posthorn', 'posthorn-elsewhere'], 'a lock is left over');
  };
  const prepare = (): void => {
    scene.reset();
    mkdirSync(data);
  };
  await sweep(t, scene, { options, prepare, check });
  t.diagnostic(`${doubles} times a message came twice`);
});

test('a fetch that hands mail over to a command', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  const data = join(scene.home.folder, 'data');
  const place = join(data, 'posthorn-elsewhere');
  const command = join(scene.home.folder, 'take');
  writeFileSync(command, `#!/bin/sh\nexec cat > ${place}/$$\n`, { mode: 0o755 });
  const options = ['--deliver', `mda:${command}`];
  let doubles = 0;
  const check = async (): Promise<void> => {
    await scene.again(options);
    assert.deepEqual(scene.drop.left(), []);
    // Where we die while it reads, it cannot tell the end from that: what it has then is a part.
    doubles += twice(
      scene,
      filesIn(place).map((name) => readFileSync(join(place, name), 'latin1')),
    );
  };
  const prepare = (): void => {
    scene.reset();
    mkdirSync(place, { recursive: true });
  };
  await sweep(t, scene, { options, prepare, check });
  t.diagnostic(`${doubles} times a message came twice`);
});

/** Which messages of the scene the journal says another place has: by their places in it. */
async function recorded({ state }: FetchScene): Promise<Set<number>> {
  const records = await Journal.read(join(state, 'journal'), readRecord);
  const uidls = new Map(records.flatMap((record) => ('plan' in record ? [[record.plan, record.uidl] as const] : [])));
  const stored = records.flatMap((record) => ('stored' in record ? [uidls.get(record.stored) ?? ''] : []));
  return new Set(stored.map((uidl) => Number(uidl.slice(1)) - 1));
}

for (const chunking of [true, false]) {
  test(`a fetch that hands mail over to an LMTP server, by ${chunking ? 'BDAT' : 'DATA'}`, { skip }, async (t) => {
    const scene = await FetchScene.make(t);
    const place = await startLmtpPlace(t, chunking);
    const options = ['--deliver', place.url];
    let doubles = 0;
    const check = async (): Promise<void> => {
      await place.idle();
      const texts = scene.contents.map((message) => message.toString('latin1'));
      const counts = (): number[] => texts.map((text) => place.taken.filter((each) => each === text).length);
      const [taken, known, left] = [counts(), await recorded(scene), scene.drop.left()];
      for (const [at, count] of taken.entries()) {
        if (known.has(at) || !left.includes(`u${at + 1}`)) assert.equal(count, 1, `message ${at} was not taken`);
      }
      // Only that one comes again which it has, and of which our journal does not know that.
      const expected = taken.map((count, at) => (count === 1 && !known.has(at) ? 2 : 1));
      await scene.again(options);
      await place.idle();
      assert.deepEqual([scene.drop.left(), counts()], [[], expected]);
      assert.equal(
        place.taken.length,
        expected.reduce<number>((sum, count) => sum + count, 0),
        'it has one in part',
      );
      doubles += twice(
        scene,
        place.taken.map((text) => text.replaceAll('\r\n', '\n')),
      );
      assert.deepEqual([...scene.files('new'), ...scene.files('tmp')], []);
    };
    const prepare = (): void => {
      scene.reset();
      place.taken.length = 0;
    };
    await sweep(t, scene, { options, prepare, check });
    t.diagnostic(`${doubles} times a message came twice`);
  });
}

const RULES = `
[[filter]]
name = "large"
field = "subject"
is = "message 2"
move = "Lists"
seen = true
tag = "big"

[[filter]]
name = "first"
field = "subject"
is = "message 0"
flag = "flagged"
`;

test('a fetch with rules that move, flag and tag', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  const config = join(scene.home.folder, 'config/posthorn');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'config.toml'), RULES, { mode: 0o600 });
  const expected = [
    'message 0 inbox F',
    'message 1 inbox ',
    'message 2 Lists S big',
    'message 3 inbox ',
    'message 4 inbox ',
  ];
  const check = async (): Promise<void> => {
    await scene.again();
    assert.deepEqual(scene.drop.left(), []);
    assert.deepEqual(await listed(scene), expected);
    const files = filesIn(join(scene.maildir, '.Lists/cur'));
    assert.equal(files.length, 1);
    assert.deepEqual(readFileSync(join(scene.maildir, '.Lists/cur', files[0] ?? '')), scene.contents[2]);
    assert.equal(scene.files('new').length + scene.files('cur').length, 4);
    // Nothing is left for the rules to do: what a person does behind them stays.
    await change(scene, 'undo');
    const undone = await listed(scene);
    await scene.again();
    assert.deepEqual(await listed(scene), undone);
  };
  await sweep(t, scene, { options: [], prepare: () => scene.reset(), check });
});
