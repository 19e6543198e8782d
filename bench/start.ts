/**
 * Starting: how much longer a command takes than Node itself does to do nothing. `npm run bench` prints the table for
 * bench/RESULTS.md. The programs take turns, after a first run each, which fills the compile cache.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { xdgPaths } from '../src/config/paths.ts';
import { Mailbox } from '../src/store/mailbox.ts';
import { compare, runProgram, sayLoad } from './support/measure.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3) * 10;
const MESSAGES = 20;
const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
const env = {
  HOME: folder,
  XDG_CONFIG_HOME: join(folder, 'config'),
  XDG_DATA_HOME: join(folder, 'data'),
  XDG_STATE_HOME: join(folder, 'state'),
};

async function fill(): Promise<void> {
  const { data, state } = xdgPaths(env, folder);
  const mailbox = await Mailbox.open({ maildir: join(data, 'ann'), state: join(state, 'ann') });
  const listing = Array.from({ length: MESSAGES }, (_, at) => ({ uidl: `uid-${at}`, size: 100 }));
  const deliveries = (await mailbox.plan(mailbox.survey(listing))).map((plan) => {
    const delivery = mailbox.deliver(plan);
    void delivery.write(Buffer.from(`From: ann@example.org\r\nSubject: message ${plan.number}\r\n\r\ntext\r\n`));
    return delivery;
  });
  await mailbox.commit(deliveries);
  await mailbox.close();
}

const node = (name: string, ...args: string[]) => ({ name, run: () => runProgram(process.execPath, args, env) });
const posthorn = (...args: string[]) => node(`posthorn ${args.join(' ')}`, 'bin/posthorn.cjs', ...args);

try {
  sayLoad('before start');
  await fill();
  const contenders = [
    node('node -e 0', '-e', '0'),
    posthorn('--version'),
    posthorn('send', '--help'),
    posthorn('list'),
  ];
  for (const contender of contenders) await contender.run();
  await compare(`Starting, and a list of ${MESSAGES} messages`, ROUNDS, contenders);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
