/**
 * The corpus of jsmime, which comes without trees. What its project expects of these messages is known as lines: the body
 * of a part is what stands in the file from one line up to another (counted from 1). For the messages it says nothing of,
 * the lines were read off the file by eye.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bodyLine, type Expectation, type Facets, textLine } from './facets.ts';

type Range = readonly [part: string, from: number, to: number];

const BODIES: Readonly<Record<string, readonly Range[]>> = {
  'base64-1': [['1', 4, 9]],
  'base64-2': [['1', 4, 8]],
  basic1: [['1', 3, 5]],
  bug505221: [
    ['1', 22, 31],
    ['2.1.1', 60, 74],
  ],
  bugmail11: [['1', 32, 49]],
  'mime-torture': [
    ['1', 17, 21],
    ['2.1', 58, 75],
    ['2.2.1', 83, 97],
    ['2.3', 102, 130],
    ['3.1', 155, 7742],
    ['4', 7747, 8213],
    ['5', 8218, 8242],
    ['6.1.1', 8284, 8301],
    ['6.1.2', 8306, 8733],
    ['6.2.1', 8742, 9095],
    ['6.2.2', 9100, 9354],
    ['6.2.3', 9357, 11794],
    ['6.2.4', 11797, 12155],
    ['6.3', 12161, 12809],
    ['7.1', 12844, 12845],
    ['7.2', 12852, 13286],
    ['7.3', 13288, 13297],
    ['8.1', 13331, 13358],
    ['8.2', 13364, 13734],
    ['9.1', 13757, 20179],
    ['10', 20184, 21200],
    ['11.1', 21223, 22031],
    ['11.2', 22036, 22586],
    ['12.1', 22607, 23469],
    ['12.2', 23474, 23774],
    ['12.3.1', 23787, 23795],
    ['12.3.2.1', 23803, 23820],
    ['12.3.2.2', 23825, 24633],
    ['12.3.3', 24640, 24836],
    ['12.3.4.1', 24848, 25872],
  ],
  'multipart-base64-1': [['1', 9, 11]],
  'multipart-base64-2': [['1', 9, 12]],
  'multipart-base64-3': [['1', 8, 10]],
  'multipart-complex1': [
    ['1', 8, 10],
    ['2', 14, 16],
    ['3.1', 22, 24],
    ['4', 29, 31],
    ['5', 33, 35],
  ],
  'multipart-complex2': [
    ['1.1.1.1', 21, 25],
    ['2', 27, 57],
    ['3', 60, 62],
  ],
  multipart1: [['1', 10, 12]],
  multipart2: [['1', 8, 11]],
  multipart3: [['1', 6, 29]],
  multipart4: [['1', 5, 7]],
  'shift-jis-image': [
    ['1', 9, 11],
    ['2', 16, 21],
  ],
  'multipartmalt-detach': [
    ['1', 20, 21],
    ['2.1', 27, 38],
    ['2.2', 42, 43],
    ['2.3', 47, 48],
    ['3', 53, 54],
  ],
};

/** Greetings in pairs of charsets: the second of each pair says the same as the first. */
const GREETINGS = [
  'أهلا بالعالم',
  'こんにちは、世界',
  'ハロー・ワールド',
  '안녕하세요 세계',
  '你好世界',
  'Bonjour le monde',
];

/** What is known of other things than lines. */
const OTHERS: Readonly<Record<string, Facets>> = {
  bugmail11: {
    subject: ['Bugzilla: confirm account creation'],
    addresses: ['from  <bugzilla-daemon@mozilla.org>', 'to  <bugmail@example.org>'],
    ids: ['<200804111417.m3BEHTk4030129@mrapp51.mozilla.org>'],
    date: ['2008-04-11T14:17:29.000Z'],
  },
  charsets: {
    texts: GREETINGS.flatMap((text, at) => [textLine(`${2 * at + 1}`, text), textLine(`${2 * at + 2}`, text)]),
  },
  'message-encoded': {
    bodies: [
      bodyLine('1.1', Buffer.from('This is a plain-text message.')),
      bodyLine('2.1', Buffer.from('I am a plain-text message.')),
      bodyLine('3.1', Buffer.from('I am an encoded plain-text message.')),
    ],
  },
};

export function jsmime(corpus: string): Expectation[] {
  const folder = join(corpus, 'jsmime');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name !== 'LICENSE');
  return names.map((name) => {
    const file = join(folder, name);
    const octets = readFileSync(file);
    const lineEnd = octets.includes('\r\n') ? '\r\n' : '\n';
    const lines = octets.toString('latin1').split(lineEnd);
    const ranges = BODIES[name]?.map(([number, from, to]) =>
      bodyLine(number, Buffer.from(lines.slice(from - 1, to - 1).join(lineEnd), 'latin1')),
    );
    return { name: `jsmime/${name}`, octets, facets: { ...(ranges && { raw: ranges }), ...OTHERS[name] } };
  });
}
