/**
 * Programs of other people that read messages: Python's `email`, and MIME-tools of Perl. Each reads many files in one run
 * and prints what it found, so that what we compose can be compared with what two strangers read.
 */
import { execFileSync } from 'node:child_process';
import type { Need } from './interop.ts';
import { unpacked } from './unpacked.ts';

export interface ReadLeaf {
  readonly type: string;
  readonly name: string | null;
  /** Of the decoded body, SHA-256; of text with each CRLF as LF. */
  readonly digest: string;
}

export interface ReadMail {
  readonly subject: string;
  readonly custom: string;
  /** The display name and the address of the first author. */
  readonly from: readonly [string, string];
  readonly bcc: string | null;
  readonly leaves: readonly ReadLeaf[];
  /** What the reader found wrong. */
  readonly defects: readonly string[];
}

export interface MimeReader {
  readonly name: string;
  readonly needs: readonly Need[];
  read(files: readonly string[]): ReadMail[];
}

const PYTHON = `
import sys, json, hashlib, email, email.policy
def leaf(p):
  body = p.get_payload(decode=True)
  if p.get_content_maintype() == 'text' and p.get_filename() is None: body = body.replace(b'\\r\\n', b'\\n')
  return {'type': p.get_content_type(), 'name': p.get_filename(), 'digest': hashlib.sha256(body).hexdigest()}
for name in sys.argv[1:]:
  m = email.message_from_bytes(open(name, 'rb').read(), policy=email.policy.default)
  author = m['from'].addresses[0]
  print(json.dumps({'subject': m['subject'], 'custom': m['x-test'], 'from': [author.display_name, author.addr_spec], 'bcc': m['bcc'],
    'leaves': [leaf(p) for p in m.walk() if not p.is_multipart()], 'defects': [str(d) for p in m.walk() for d in p.defects]}))
`;

const PERL = `
use strict; use warnings;
use MIME::Parser; use Mail::Address; use JSON::PP; use Encode qw(decode); use Digest::SHA qw(sha256_hex);
my $parser = MIME::Parser->new; $parser->output_to_core(1); $parser->tmp_to_core(1);
my $json = JSON::PP->new->utf8->canonical;
sub words { my ($text) = @_; return undef unless defined $text; $text =~ s/\\r?\\n(?=[ \\t])//g; $text =~ s/\\r?\\n\\z//; return decode('MIME-Header', $text); }
sub leaves { my ($entity) = @_; return map { leaves($_) } $entity->parts if $entity->parts;
  my $name = $entity->head->recommended_filename; my $body = $entity->bodyhandle->as_string;
  $body =~ s/\\r\\n/\\n/g if $entity->mime_type =~ m{^text/} && !defined $name;
  return { type => $entity->mime_type, name => $name, digest => sha256_hex($body) }; }
for my $file (@ARGV) {
  open my $in, '<:raw', $file or die; my $entity = $parser->parse($in); my $head = $entity->head;
  my ($author) = Mail::Address->parse($head->get('From'));
  my $phrase = $author->phrase; $phrase =~ s/\\A"(.*)"\\z/$1/s; $phrase =~ s/\\\\(.)/$1/g;
  print $json->encode({ subject => words($head->get('Subject')), custom => words($head->get('X-Test')), bcc => words($head->get('Bcc')),
    from => [words($phrase), $author->address], leaves => [leaves($entity)], defects => [grep { defined } $parser->results->errors, $parser->results->warnings] }), "\\n";
}
`;

const mimeTools = unpacked('MIME-tools', ['libmime-tools-perl']);

export const MIME_READERS: readonly MimeReader[] = [
  {
    name: "Python's email",
    needs: ['python3'],
    read: (files) => lines(execFileSync('python3', ['-c', PYTHON, ...files], LIMITS)),
  },
  {
    name: "Perl's MIME-tools",
    needs: ['perl', mimeTools],
    read: (files) => {
      const env = { ...process.env, PERL5LIB: mimeTools.path('usr/share/perl5') };
      return lines(execFileSync('perl', ['-e', PERL, '--', ...files], { ...LIMITS, env }));
    },
  },
];

const LIMITS = { encoding: 'utf8', maxBuffer: 1 << 26, timeout: 120_000 } as const;

function lines(output: string): ReadMail[] {
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ReadMail);
}
