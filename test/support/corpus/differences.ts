/**
 * Where our reading of a message differs from what its corpus expects, and why. A difference that is not named here is a
 * fault of ours; one that is named and does not exist is a fault of this list.
 */
import type { Facet } from './facets.ts';

export interface Difference {
  readonly reason: string;
  /** `mime4j/basic-plain: bodies`. */
  readonly where: readonly `${string}: ${Facet}`[];
}

export const DIFFERENCES: readonly Difference[] = [
  {
    reason:
      'The expected tree goes on inside an embedded message that is encoded. RFC 2046 §5.2.1 forbids to encode ' +
      '`message/rfc822`, and `message/news` is no type of ours: each is one part, which is saved as a whole.',
    where: [
      'mime4j/bad-newlines-multiple-parts-base64: structure',
      'mime4j/bad-newlines-multiple-parts-base64: bodies',
      'mime4j/base64encoded-rfc822message: structure',
      'mime4j/base64encoded-rfc822message: bodies',
      'mime4j/base64encoded-rfc822message-nested: structure',
      'mime4j/base64encoded-rfc822message-nested: bodies',
      'jsmime/message-encoded: bodies',
      'stalwart/rfc/008: structure',
      'stalwart/rfc/008: texts',
    ],
  },
  {
    reason:
      'A line that is no field ends the header. The expected readings drop that line, or all up to the next empty line; ' +
      'RFC 5322 does not say. By ours nothing is lost, and no text becomes a field that looks like the sender’s.',
    where: [
      'mime4j/basic-plain-with-bad-header-separator: bodies',
      'mime4j/malformedHeader-nocrlfcrlf: bodies',
      'mime4j/malformedHeader-noheader: bodies',
      'mime4j/malformedHeaderStartsBody-nocrlfcrlf: bodies',
      'mime4j/malformedHeaderStartsBody-noheader: bodies',
    ],
  },
  {
    reason:
      'The boundary parameter ends in spaces, and a line that lacks them is expected to be text. RFC 2046 §5.1.1: a ' +
      'boundary does not end in white space, and white space at the end of a delimiter was added on the way.',
    where: [
      'mime4j/very-long-boundary: structure',
      'mime4j/very-long-boundary: bodies',
      'mime4j/very-very-long-boundary: structure',
      'mime4j/very-very-long-boundary: bodies',
      'mime4j/weird-boundary: structure',
      'mime4j/weird-boundary: bodies',
    ],
  },
  {
    reason:
      'The expected tree takes `--boundary and more words` for a delimiter, by the note to implementors of RFC 2046 §5.1.1. ' +
      'Its grammar allows white space alone, and with boundaries that begin alike the note cuts parts in two.',
    where: ['mime4j/ending-boundaries: structure', 'mime4j/ending-boundaries: bodies'],
  },
  {
    reason:
      'Octets above 127 without a charset are shown as U+FFFD in the expectation. We read them as UTF-8 where they are ' +
      'that, else as windows-1252: a name that can be read, with a defect where it is in a body.',
    where: [
      'stalwart/legacy/010: subject',
      'stalwart/legacy/010: addresses',
      'stalwart/legacy/016: names',
      'stalwart/legacy/017: addresses',
      'stalwart/legacy/020: subject',
      'stalwart/legacy/020: addresses',
      'stalwart/legacy/022: subject',
      'stalwart/legacy/022: addresses',
      'stalwart/legacy/023: names',
      'stalwart/legacy/026: names',
      'stalwart/legacy/027: subject',
      'stalwart/legacy/027: addresses',
      'stalwart/legacy/052: texts',
      'stalwart/legacy/052: subject',
      'stalwart/legacy/052: addresses',
    ],
  },
  {
    reason:
      'The parts say base64 and are words in plain language. The expectation gives the words; RFC 2045 §6.8 has us pass ' +
      'over what is not of the alphabet and decode the rest, with a defect.',
    where: ['stalwart/rfc/000: texts'],
  },
  {
    reason:
      'A word without an @ is expected to be a name without an address. RFC 5322 §3.4 has neither; we take it for an ' +
      'address without a domain, as local mail has it, so that it is never shown as a trusted name.',
    where: ['stalwart/rfc/001: addresses', 'stalwart/rfc/004: addresses'],
  },
  {
    reason:
      'The parts are uuencoded as a whole (`x-uuencode`, which no standard names). The expectation has them as they stand, ' +
      'and so do mailparser and postal-mime; we decode them, so that what is saved is the picture.',
    where: ['stalwart/legacy/017: bodies', 'stalwart/legacy/026: texts', 'stalwart/legacy/048: bodies'],
  },
  {
    reason:
      'The file ends in a CR by itself, of which the expectation knows nothing. It is an octet of the body as any other.',
    where: ['stalwart/legacy/049: texts'],
  },
];
