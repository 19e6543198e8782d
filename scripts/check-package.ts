/**
 * The package as users get it: packed, installed globally from the tarball without development dependencies, run, and
 * imported from TypeScript with types, in an empty folder.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PROGRAM = `
import { Pop3Client, type Pop3Options } from 'posthorn/pop3';
import { SmtpClient } from 'posthorn/smtp';
import { compose, parseRecipient } from 'posthorn/mime';
import { Mailbox } from 'posthorn/store';
import { startSandbox } from 'posthorn/sandbox';
import { PosthornError } from 'posthorn';

const options: Pop3Options = { host: 'localhost', port: 995, security: 'implicit' };
// @ts-expect-error a port is a number: the types are really there
const wrong: Pop3Options = { host: 'localhost', port: '995', security: 'implicit' };
void [options, wrong, Mailbox];

const sandbox = await startSandbox();
const [ann] = sandbox.users;
if (ann === undefined) throw new Error('no user');
const login = { user: ann.address, password: ann.password };
const server = { host: sandbox.host, security: 'implicit', tls: { ca: [sandbox.authority] } } as const;
const message = compose({ from: parseRecipient(ann.address), to: [parseRecipient(ann.address)], subject: 'packed', text: 'Hello' });
const smtp = await SmtpClient.connect({ ...server, port: sandbox.ports.smtps });
await smtp.login(login);
const { outcome } = await smtp.send(message.envelope, message);
await smtp.quit();
const pop3 = await Pop3Client.connect({ ...server, port: sandbox.ports.pop3s });
await pop3.login(login);
const { count } = await pop3.stat();
await pop3.quit();
await sandbox.close();
if (outcome !== 'sent' || count !== 4 || !(PosthornError.prototype instanceof Error)) throw new Error('the library does not work');
console.log('library works');
`;

const folder = mkdtempSync(join(tmpdir(), 'posthorn-package-'));
const run = (command: string, args: readonly string[], cwd = folder): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
try {
  const [{ filename, files, size }] = JSON.parse(
    run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], process.cwd()),
  );
  console.log(`packed: ${files.length} files, ${Math.round(size / 1000)} kB`);
  const tarball = join(folder, filename);

  run('npm', ['install', '--global', '--prefix', join(folder, 'global'), '--omit=dev', '--silent', tarball]);
  const posthorn = join(folder, 'global/bin/posthorn');
  console.log(`installed: posthorn ${run(process.execPath, [posthorn, '--version']).trim()}`);
  run(process.execPath, [posthorn, 'demo', '--json']);
  console.log('demo works');

  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  writeFileSync(join(folder, 'program.ts'), PROGRAM);
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', tarball]);
  const types = [
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--strict',
    '--noEmit',
    '--typeRoots',
    resolve('node_modules/@types'),
    '--types',
    'node',
  ];
  run(resolve('node_modules/.bin/tsc'), [...types, 'program.ts']);
  console.log('types work');
  process.stdout.write(run(process.execPath, ['program.ts']));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
