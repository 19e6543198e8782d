/**
 * Attachments that are programs, and those that hide it.
 *
 * Why: a double click runs them on some system, whatever the message says that they are. Pure; the name is as the sender
 * wrote it.
 */

import { DIRECTION } from './hidden.ts';
import type { PartInfo } from './part-info.ts';

/** Endings that a desktop runs, or mounts and then runs. */
const RUNS = new Set(
  (
    'exe com scr pif bat cmd cpl msi msp msix appx hta js jse mjs vbs vbe wsf wsh ps1 psm1 lnk url reg inf jar jnlp ' +
    'iso img vhd vhdx app command workflow pkg dmg desktop run appimage sh bash csh deb rpm apk xll scf library-ms search-ms settingcontent-ms'
  ).split(' '),
);
const DOCUMENT =
  /\.(?:pdf|docx?|xlsx?|pptx?|odt|ods|txt|rtf|csv|jpe?g|png|gif|bmp|webp|svg|mp[34]|wav|mov|avi|zip|html?)[\s._\u00a0-]*\.[^.]*$/i;
const HARMLESS = /^(?:image|audio|video|text)\/|^application\/pdf$/;

/** What is to be said of an attachment; undefined for nearly every one. */
export function programSign({
  fileName,
  type,
}: Pick<PartInfo, 'fileName' | 'type'>): 'program' | 'disguised' | undefined {
  // Systems drop dots and spaces at the end, and invisible characters do not change what is run.
  const plain = (fileName ?? '').replace(new RegExp(DIRECTION, 'g'), '').replace(/[\s.\u00a0]+$/u, '');
  const [, ending = ''] = /\.([^.\s]{1,20})$/.exec(plain) ?? [];
  if (!RUNS.has(ending.toLowerCase())) return undefined;
  const hides = DOCUMENT.test(plain) || DIRECTION.test(fileName ?? '') || HARMLESS.test(type);
  return hides && !/^text\/(?:javascript|x-)/.test(type) ? 'disguised' : 'program';
}
