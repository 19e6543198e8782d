/**
 * The configuration of the Exim under test, each unusual setting with its reason.
 *
 * Why a text of its own and not the distribution's: that one is put together from the machine's /etc, looks up names,
 * asks clients who they are, and would send mail out.
 */
import type { Certificate } from './certificate.ts';

export interface EximSettings {
  folder: string;
  /** The path of Exim, which it starts again for each delivery. */
  program: string;
  ports: { smtp: number; smtps: number };
  certificate: Certificate;
  users: readonly { name: string; password: string }[];
  limit: number;
  /** The most on one connection. */
  messages: number;
}

export function eximConfig(settings: EximSettings): string {
  return `${main(settings)}${rules(settings)}${authenticators(settings)}`;
}

function main({ folder, program, ports, certificate, limit, messages }: EximSettings): string {
  return `
primary_hostname = mail.example.org
# What it started with, as it starts itself again.
keep_environment = LD_LIBRARY_PATH : LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
exim_path = ${program}
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%s
exim_user = nobody
exim_group = nogroup
# Started again by nobody it would not trust this file if it were still to act as root.
deliver_drop_privilege = true
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${ports.smtp} : ${ports.smtps}
tls_on_connect_ports = ${ports.smtps}
tls_advertise_hosts = *
tls_certificate = ${certificate.certificateFile}
tls_privatekey = ${certificate.keyFile}
dsn_advertise_hosts = *
prdr_enable = true
message_size_limit = ${limit}
smtp_accept_max_per_connection = ${messages}
# Neither a name server nor the client itself is asked who the client is.
host_lookup =
rfc1413_query_timeout = 0s
log_selector = +smtp_protocol_error +smtp_syntax_error +tls_cipher
acl_smtp_rcpt = recipient
`;
}

function rules({ folder, users }: EximSettings): string {
  const names = users.map(({ name }) => name).join(' : ');
  return `
begin acl
recipient:
  deny !authenticated = *
       message = log in first
  accept domains = example.org
         local_parts = ${names}
  deny message = nobody by this name

begin routers
people:
  driver = accept
  domains = example.org
  local_parts = ${names}
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = ${folder}/mail/$local_part_data
  maildir_format
  create_directory
`;
}

/** Exim makes the challenges and looks at the answers; which password is right is for this file to say. */
function authenticators({ users }: EximSettings): string {
  const known = users.map(({ name, password }) => `${name}@example.org=${password}`);
  const password = (user: string) => `\${extract{${user}}{${known.join(' ')}}{$value}fail}`;
  const right = (user: string, given: string) => `\${if eq{${given}}{${password(user)}}}`;
  return `
begin authenticators
PLAIN:
  driver = plaintext
  server_prompts = :
  server_condition = ${right('$auth2', '$auth3')}
  server_set_id = $auth2
LOGIN:
  driver = plaintext
  server_prompts = Username:: : Password::
  server_condition = ${right('$auth1', '$auth2')}
  server_set_id = $auth1
CRAM:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${password('$auth1')}
  server_set_id = $auth1
`;
}
