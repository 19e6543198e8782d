/** The list of messages on a real screen (tmux): it fits at every width, and columns stand under one another. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeMailHome } from '../support/mail-home.ts';
import { PROGRAM } from '../support/program.ts';
import { assertSafeText } from '../support/universal.ts';

const skip = spawnSync('tmux', ['-V']).status === 0 ? false : 'needs tmux';

const ROWS: readonly (readonly [from: string, subject: string])[] = [
  ['Ann Example <ann@example.org>', 'Budget for the coming year, third version, with the changes of last week'],
  ['邮件系统管理员 <post@example.cn>', '关于下一年度预算的通知，请各部门在本周五之前回复'],
  ['Zoë Müller <zoe@example.net>', 'Gru\u0308ße aus Ko\u0308ln'],
  ['أحمد <ahmad@example.org>', 'مرحبا'],
  ['🚀 News <news@example.com>', '🎉 This week in mail 🎉 and much more of it than fits'],
  ['gpj.\u202eexe <eve@example.org>', 'Z\u0301\u0302\u0303algo'],
  [`Bank${' '.repeat(200)}x <eve@example.org>`, `${' '.repeat(200)}pushed`],
  ['"bank@bank.example" <eve@evil.example>', 'an address for a name'],
  ['한국어 사용자 <k@example.kr>', '안녕하세요'],
];

const home = await makeMailHome({ after }, { samples: false });
const word = (text: string) => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
writeFileSync(
  join(home.folder, 'first.eml'),
  'Subject: first\r\nTo: ann@example.org\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\n\r\nx\r\n',
);
assert.equal(
  (await home.posthorn(['send', '--raw', 'first.eml', '-t', 'ann@example.org', '-f', 'a@b.example'])).code,
  0,
);
assert.equal((await home.posthorn(['fetch', '-q'])).code, 0);
const data = join(home.folder, 'data/posthorn');
for (const [at, [from, subject]] of ROWS.entries()) {
  const [, name = '', address = ''] = /^(.*) <(.*)>$/.exec(from) ?? [];
  const path = join(data, readdirSync(data)[0] ?? '', 'new', `${1_000_000 + at}.M${at}P1.x`);
  const sender = name.startsWith('"') ? name : word(name);
  writeFileSync(
    path,
    `From: ${sender} <${address}>\r\nSubject: ${word(subject)}\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\n\r\nx\r\n`,
  );
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}
assert.equal((await home.posthorn(['fetch', '-q'])).code, 0);

/** What stands on a screen of so many columns when the program has ended, row by row, without the blanks at their ends. */
function screen(columns: number, args: string): string[] {
  const socket = `posthorn-${process.pid}-${columns}`;
  const tmux = (...words: string[]) =>
    spawnSync('tmux', ['-L', socket, '-f', '/dev/null', ...words], {
      encoding: 'utf8',
      cwd: home.folder,
      env: { ...home.env, TERM: 'xterm', TZ: 'UTC', LC_ALL: 'C.UTF-8', SHELL: '/bin/sh' },
    });
  const command = `stty cols ${columns}; '${process.execPath}' '${PROGRAM}' ${args} -q; tmux -L ${socket} wait-for -S done; sleep 60`;
  try {
    const started = tmux('-u', 'new-session', '-d', '-x', String(columns), '-y', '30', command);
    assert.equal(started.status, 0, started.stderr);
    assert.equal(tmux('wait-for', 'done').status, 0);
    return tmux('capture-pane', '-p')
      .stdout.trimEnd()
      .split('\n')
      .map((line) => line.trimEnd());
  } finally {
    tmux('kill-server');
  }
}

/** As a person sees them, in a font whose wide characters are two cells wide. */
const GOLDEN: ReadonlyMap<number, readonly string[]> = new Map([
  [
    40,
    [
      '10  N  한국어 사…  안녕하세요',
      ' 9  N  eve@evil.…  an address for a name',
      ' 8  N  Bank\\x20{…  \\x20{200}pushed',
      ' 7  N  gpj.\\u202…  Ź̂̃algo',
      ' 6  N  🚀 News     🎉 This week in mail…',
      ' 5  N  أحمد        مرحبا',
      ' 4  N  Zoë Müller  Grüße aus Köln',
      ' 3  N  邮件系统…   关于下一年度预算的通…',
      ' 2  N  Ann Examp…  Budget for the comin…',
      ' 1  N              first',
    ],
  ],
  [
    80,
    [
      '10  N  2024-01-01  한국어 사용자      안녕하세요                           149 B',
      ' 9  N  2024-01-01  eve@evil.example…  an address for a name                140 B',
      ' 8  N  2024-01-01  Bank\\x20{200}x     \\x20{200}pushed                      656 B',
      ' 7  N  2024-01-01  gpj.\\u202eexe      Ź̂̃algo                                136 B',
      ' 6  N  2024-01-01  🚀 News            🎉 This week in mail 🎉 and much m…  193 B',
      ' 5  N  2024-01-01  أحمد               مرحبا                                134 B',
      ' 4  N  2024-01-01  Zoë Müller         Grüße aus Köln                       148 B',
      ' 3  N  2024-01-01  邮件系统管理员     关于下一年度预算的通知，请各部门在…  228 B',
      ' 2  N  2024-01-01  Ann Example        Budget for the coming year, third …  216 B',
      ' 1  N  2024-01-01                     first                                 80 B',
    ],
  ],
  [
    120,
    [
      '10  N  2024-01-01  한국어 사용자             안녕하세요                                                            149 B',
      ' 9  N  2024-01-01  eve@evil.example (“bank…  an address for a name                                                 140 B',
      ' 8  N  2024-01-01  Bank\\x20{200}x            \\x20{200}pushed                                                       656 B',
      ' 7  N  2024-01-01  gpj.\\u202eexe             Ź̂̃algo                                                                 136 B',
      ' 6  N  2024-01-01  🚀 News                   🎉 This week in mail 🎉 and much more of it than fits                 193 B',
      ' 5  N  2024-01-01  أحمد                      مرحبا                                                                 134 B',
      ' 4  N  2024-01-01  Zoë Müller                Grüße aus Köln                                                        148 B',
      ' 3  N  2024-01-01  邮件系统管理员            关于下一年度预算的通知，请各部门在本周五之前回复                      228 B',
      ' 2  N  2024-01-01  Ann Example               Budget for the coming year, third version, with the changes of last…  216 B',
      ' 1  N  2024-01-01                            first                                                                  80 B',
    ],
  ],
]);

for (const columns of [40, 80, 120]) {
  test(`at ${columns} columns`, { skip }, () => {
    const rows = screen(columns, 'list --no-color');
    assertSafeText(rows.join('\n'), 'list');
    assert.deepEqual(rows, GOLDEN.get(columns));
  });
}
