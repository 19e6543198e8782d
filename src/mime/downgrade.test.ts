import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { BareNewlineDetector } from '../wire/eol.ts';
import { withoutBinary } from './downgrade.ts';
import { extractPart } from './extract.ts';
import { readMessage } from './message.ts';

function cut(message: Buffer, size: number) {
  return async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < message.length; at += size) yield message.subarray(at, at + size);
  };
}

async function downgraded(message: Buffer, size = message.length): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of withoutBinary(cut(message, Math.max(1, size)))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A message with a text and a binary file. */
function withFile(file: Buffer, encoding = 'Content-Transfer-Encoding: binary'): Buffer {
  return Buffer.concat([
    Buffer.from(
      'Subject: x\r\nContent-Transfer-Encoding: BINARY\r\nContent-Type: multipart/mixed; boundary="=_b"\r\n\r\n',
    ),
    Buffer.from('--=_b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n'),
    Buffer.from(`--=_b\r\nContent-Type: application/octet-stream; name=f\r\n${encoding}\r\n\r\n`),
    file,
    Buffer.from('\r\n--=_b--\r\n'),
  ]);
}

function linesOnly(message: Buffer): boolean {
  const detector = new BareNewlineDetector();
  detector.push(message);
  return !detector.found;
}

async function fileIn(message: Buffer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await extractPart(cut(message, 1000)(), '2', (chunk) => void chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
}

suite('a message without BINARYMIME', () => {
  test('has the same file and no bare line end, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 400 }), async (octets, size) => {
        const message = withFile(Buffer.from(octets));
        const result = await downgraded(message, size);
        assert.ok(linesOnly(result));
        assert.deepEqual(await fileIn(result), Buffer.from(octets));
        assert.deepEqual(await downgraded(message), result);
      }),
      { numRuns: 60 },
    );
  });

  test('says base64 for the file, 8bit for what holds it, and leaves the rest alone', async () => {
    const result = String(await downgraded(withFile(Buffer.from('a\n.\nb'))));
    assert.equal(
      result,
      'Subject: x\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: multipart/mixed; boundary="=_b"\r\n\r\n' +
        '--=_b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n' +
        '--=_b\r\nContent-Type: application/octet-stream; name=f\r\nContent-Transfer-Encoding: base64\r\n\r\n' +
        'YQouCmI=\r\n\r\n--=_b--\r\n',
    );
  });

  test('may write its fields in odd ways', async () => {
    for (const field of ['content-transfer-encoding:binary', 'Content-Transfer-Encoding :\r\n\tBinary (as it is)']) {
      const result = await downgraded(withFile(Buffer.from('\n'), field));
      assert.match(String(result), /^content-transfer-encoding ?: base64/im);
      assert.ok(linesOnly(result));
    }
  });

  test('may be all one part, have nothing in it, or hold another message', async () => {
    const whole = await downgraded(Buffer.from('Content-Transfer-Encoding: binary\r\n\r\na\nb'));
    assert.equal(String(whole), 'Content-Transfer-Encoding: base64\r\n\r\nYQpi\r\n');
    const empty = await downgraded(Buffer.from('Content-Transfer-Encoding: binary\r\n\r\n'));
    assert.equal(String(empty), 'Content-Transfer-Encoding: base64\r\n\r\n');
    const inner = withFile(randomBytes(50));
    const head = 'Content-Type: message/rfc822\r\nContent-Transfer-Encoding: binary\r\n\r\n';
    const outer = await downgraded(Buffer.concat([Buffer.from(head), inner]), 7);
    assert.ok(linesOnly(outer));
    assert.deepEqual(outer, Buffer.concat([Buffer.from(head.replace('binary', '8bit')), await downgraded(inner)]));
  });

  test('is not touched where it has no binary part', async () => {
    const message = withFile(Buffer.from('text\r\n'), 'Content-Transfer-Encoding: 7bit')
      .toString()
      .replace('BINARY', '8bit');
    assert.equal(String(await downgraded(Buffer.from(message), 5)), message);
    assert.equal((await readMessage(cut(Buffer.from(message), 9)())).subject, 'x');
  });
});
