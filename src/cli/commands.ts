/**
 * The commands, as a table: the name, a line for the help, and where the rest is.
 *
 * Why not imports: the start of a program is its imports, and `list` should not pay for what `sandbox` needs.
 */
import type { Define } from './command.ts';

export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: Define }>;
}

export const COMMANDS: readonly CommandRow[] = [
  { name: 'send', summary: 'send a message, with attachments', load: () => import('./commands/send.ts') },
  {
    name: 'fetch',
    summary: 'bring new mail from the server into the mailbox',
    load: () => import('./commands/fetch.ts'),
  },
  { name: 'list', summary: 'list what has come in, here or on the server', load: () => import('./commands/list.ts') },
  {
    name: 'filter',
    summary: 'apply the filter rules to what is here',
    load: () => import('./commands/filter.ts'),
  },
  { name: 'read', summary: 'show a message', load: () => import('./commands/read.ts') },
  { name: 'reply', summary: 'answer a message, or pass it on', load: () => import('./commands/reply.ts') },
  { name: 'save', summary: 'save attachments, or the message itself', load: () => import('./commands/save.ts') },
  { name: 'flag', summary: 'mark messages as seen, flagged, answered', load: () => import('./commands/flag.ts') },
  { name: 'tag', summary: 'give messages words of your own', load: () => import('./commands/tag.ts') },
  { name: 'move', summary: 'move messages to another folder', load: () => import('./commands/move.ts') },
  { name: 'delete', summary: 'move messages to the trash, or remove them', load: () => import('./commands/delete.ts') },
  { name: 'undo', summary: 'take the last change back', load: () => import('./commands/undo.ts') },
  { name: 'import', summary: 'bring in messages from files', load: () => import('./commands/import.ts') },
  { name: 'export', summary: 'write messages into files', load: () => import('./commands/export.ts') },
  {
    name: 'sandbox',
    summary: 'run mail servers on this machine, to try things',
    load: () => import('./commands/sandbox.ts'),
  },
  { name: 'demo', summary: 'watch the whole way of a message, offline', load: () => import('./commands/demo.ts') },
];
