/**
 * Makes docs/terminal.png: a real run in a real terminal (tmux), its screen drawn by headless Chromium.
 *
 * Needs tmux and chromium from Debian's packages; run it with `npm run screenshot` after the output has changed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const COLUMNS = 98;
const ROWS = 29;
const COMMANDS = [
  "posthorn send -t 'Bob <bob@example.org>' -t ann@example.org -s 'Grüße aus Köln' \\\n    --body 'Das Foto und der Bericht, wie versprochen.' --attach Köln.jpg report.pdf",
  'posthorn fetch && posthorn list',
  'posthorn read 4',
  'posthorn save 4 --dir attachments',
];
const COLOURS = ['#1e2127', '#e06c75', '#98c379', '#d19a66', '#61afef', '#c678dd', '#56b6c2', '#abb2bf'];

const folder = mkdtempSync(join(tmpdir(), 'posthorn-screenshot-'));
const session = `posthorn-${process.pid}`;
const tmux = (...args: string[]): string => execFileSync('tmux', ['-L', session, ...args], { encoding: 'utf8' });
const type = async (line: string, wait: number): Promise<void> => {
  tmux('send-keys', '-t', 'shot', '-l', `${line}\n`);
  await sleep(wait);
};

try {
  writeFileSync(
    join(folder, 'posthorn'),
    `#!/bin/sh\nexec '${process.execPath}' '${resolve('bin/posthorn.cjs')}' "$@"\n`,
    { mode: 0o755 },
  );
  writeFileSync(join(folder, 'Köln.jpg'), Buffer.alloc(2_400_000, 'photo'));
  writeFileSync(join(folder, 'report.pdf'), Buffer.alloc(120_000, 'report'));
  tmux(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-s',
    'shot',
    '-x',
    String(COLUMNS),
    '-y',
    String(ROWS),
    '-c',
    folder,
    'sh',
  );
  await type(`export PATH="${folder}:$PATH" LC_ALL=C.UTF-8`, 300);
  await type('posthorn sandbox run -- bash --norc', 2500);
  await type("PS1='\\[\\e[36m\\]$\\[\\e[0m\\] '; PS2='  '; clear; tmux -L " + session + ' clear-history', 800);
  for (const command of COMMANDS) await type(command, 2500);
  const screen = tmux('capture-pane', '-p', '-e', '-t', 'shot');
  const page = join(folder, 'screen.html');
  writeFileSync(page, html(screen));
  const image = resolve('docs/terminal.png');
  execFileSync(
    'chromium',
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--user-data-dir=${join(folder, 'profile')}`,
      '--force-device-scale-factor=2',
      '--window-size=900,590',
      `--screenshot=${image}`,
      `file://${page}`,
    ],
    { stdio: 'ignore' },
  );
  console.log(image);
} finally {
  try {
    tmux('kill-server');
  } catch {
    // It never started.
  }
  rmSync(folder, { recursive: true, force: true });
}

/** A screen with SGR sequences, as tmux prints it, to a page. */
function html(screen: string): string {
  let style = '';
  const body = screen
    .trimEnd()
    .split(/(\x1b\[[\d;]*m)/)
    .map((piece) => {
      const codes = /^\x1b\[([\d;]*)m$/.exec(piece)?.[1];
      if (codes === undefined) return `<span style="${style}">${safe(piece)}</span>`;
      for (const code of codes.split(';').map(Number)) style = code === 0 ? '' : `${style};${css(code)}`;
      return '';
    });
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #1e2127; }
    pre { margin: 18px 22px; font: 15px/1.32 'DejaVu Sans Mono', 'Noto Color Emoji', monospace; color: #d7dae0; }
  </style><pre>${body.join('')}</pre>`;
}

/** A wide character takes two cells, whatever the font thinks. */
function safe(text: string): string {
  const escaped = text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return escaped.replace(/\p{Emoji_Presentation}/gu, '<b style="display:inline-block;width:2ch">$&</b>');
}

function css(code: number): string {
  if (code === 1) return 'font-weight:bold;color:#fff';
  if (code === 2) return 'opacity:0.65';
  if (code === 22) return 'font-weight:normal;opacity:1';
  if (code === 39) return 'color:#d7dae0';
  return code >= 30 && code < 38 ? `color:${COLOURS[code - 30]}` : '';
}
