/**
 * The configuration of the Postfix under test, main.cf and master.cf, each unusual setting with its reason.
 *
 * Why texts of their own and not the distribution's: that one listens on every address, runs its services in a chroot
 * which this folder does not have, logs to a syslog, and would look up names and send mail out.
 */
import type { Certificate } from './certificate.ts';

export interface PostfixSettings {
  folder: string;
  ports: { smtp: number; submission: number; submissions: number };
  certificate: Certificate;
  /** Undefined: mail is thrown away. */
  lmtpPort: number | undefined;
  authSocket: string;
  /** Passwords are then looked up by Cyrus SASL, in this database of it. */
  cyrusDatabase: string | undefined;
  tls: 'encrypt' | 'may' | 'none';
  plaintext: boolean;
  messageSizeLimit: number;
  pipelining: boolean;
  chunking: boolean;
}

export function mainConfig(settings: PostfixSettings): string {
  return `${places(settings)}${delivery(settings)}${server(settings)}`;
}

function places({ folder }: PostfixSettings): string {
  return `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
inet_interfaces = loopback-only
inet_protocols = ipv4
# A log in a file, as there may be no syslog; outside /var the place must be allowed by name.
maillog_file = ${folder}/log/mail
maillog_file_prefixes = ${folder}
`;
}

function delivery({ lmtpPort, folder, messageSizeLimit }: PostfixSettings): string {
  return `
myhostname = mail.example.org
mydomain = example.org
# No account of this machine gets mail, nor does it have aliases.
mydestination =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = example.org
# A list, so that anybody else at example.org is refused with 550 already at RCPT.
virtual_mailbox_maps = texthash:${folder}/etc/users
virtual_transport = ${lmtpPort === undefined ? 'discard:' : `lmtp:inet:127.0.0.1:${lmtpPort}`}
# The LMTP of Dovecot has no SMTPUTF8: an address that is not ASCII gets a Maildir here.
transport_maps = texthash:${folder}/etc/transport
virtual_mailbox_base = ${folder}/mail
virtual_minimum_uid = 1
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
# Nothing leaves the machine: mail for elsewhere is refused at RCPT, even after a login. No name is looked up.
default_transport = error:5.4.4 This server has no way out
smtp_dns_support_level = disabled
lmtp_dns_support_level = disabled
smtp_host_lookup = native
lmtp_host_lookup = native
smtpd_peername_lookup = no
# 0 is no limit. The other two may not be below the first.
message_size_limit = ${messageSizeLimit}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
# By default the queue makes a client wait up to a second while messages come in faster than they go out.
in_flow_delay = 0
`;
}

function server({ folder, certificate, authSocket, cyrusDatabase, pipelining, chunking }: PostfixSettings): string {
  const passwords =
    cyrusDatabase === undefined
      ? `smtpd_sasl_type = dovecot\nsmtpd_sasl_path = ${authSocket}`
      : `smtpd_sasl_type = cyrus\ncyrus_sasl_config_path = ${folder}/etc/sasl`;
  const hidden = [pipelining ? [] : 'pipelining', chunking ? [] : 'chunking'].flat();
  return `
# Empty, as otherwise this machine would be trusted and no test could be refused.
mynetworks =
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
# Neither limits nor pauses for a client that opens many connections or makes many mistakes: it is a test.
smtpd_client_event_limit_exceptions = 127.0.0.0/8
smtpd_error_sleep_time = 0
smtpd_tls_cert_file = ${certificate.certificateFile}
smtpd_tls_key_file = ${certificate.keyFile}
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
${passwords}
smtpd_discard_ehlo_keywords = ${hidden.join(', ')}
`;
}

/** How Cyrus SASL serves Postfix: `smtpd.conf`, where `cyrus_sasl_config_path` says; Debian's looks in `sasl` only. */
export function cyrusConfig(database: string): string {
  return `
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: ${database}
mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
`;
}

/**
 * The services, unlike the distribution's none in a chroot (fifth column). No pickup: nobody submits on the command
 * line. The postlog service writes the log file for all of them.
 */
export function masterConfig({ ports, tls, plaintext }: PostfixSettings): string {
  const authentication = '-o smtpd_sasl_auth_enable=yes';
  const restrictions = '-o smtpd_recipient_restrictions=permit_sasl_authenticated,reject';
  return `
127.0.0.1:${ports.smtp}        inet  n - n - - smtpd
127.0.0.1:${ports.submission}  inet  n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=${tls} -o smtpd_tls_auth_only=${plaintext ? 'no' : 'yes'}
  ${authentication} ${restrictions}
127.0.0.1:${ports.submissions} inet  n - n - - smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes
  ${authentication} ${restrictions}
postlog   unix-dgram n - n - 1 postlogd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
proxymap  unix - - n - - proxymap
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
lmtp      unix - - n - - lmtp
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
`;
}
