/**
 * The configuration of the Dovecot under test, each unusual setting with its reason.
 *
 * Why a text of its own and not the distribution's: that one listens on every address, logs to a syslog which a
 * container does not have, and knows the machine's users.
 */
import type { Certificate } from './certificate.ts';

export const OWN_ADDRESS = '127.0.0.1';

/**
 * Dovecot takes a connection between two equal addresses as secure even without TLS, whatever disable_plaintext_auth
 * says. One to this address comes from 127.0.0.1, and so is on loopback and yet not secure.
 */
export const FOREIGN_ADDRESS = '127.0.0.2';

export interface DovecotSettings {
  folder: string;
  ports: { pop3: number; pop3s: number; lmtp: number };
  mailOwner: number;
  certificate: Certificate;
  tls: boolean;
  plaintext: boolean;
  mechanisms: readonly string[];
  /** Asks for certificates of this authority, PEM; EXTERNAL then logs in whom one names. */
  clientAuthority: string | undefined;
}

/** Where Dovecot looks for the key of a token's signature: the key's identifier, algorithm and party are in the path. */
export const TOKEN_KEY_PATH = ['keys', 'default', 'HS256', 'default'] as const;

/**
 * One line a user: password, owner and home. Passwords are stored in clear, as CRAM-MD5 and both SCRAMs then have what
 * they need from one entry, and in base64, as a colon would end the field.
 */
export function userFile(
  { folder, mailOwner }: Pick<DovecotSettings, 'folder' | 'mailOwner'>,
  users: readonly { name: string; password: string }[],
): string {
  const lines = users.map(({ name, password }) => {
    const stored = `{PLAIN.b64}${Buffer.from(password).toString('base64')}`;
    return `${name}:${stored}:${mailOwner}:${mailOwner}::${folder}/mail/${name}\n`;
  });
  return lines.join('');
}

export function dovecotConfig(settings: DovecotSettings): string {
  return `${places(settings)}${authentication(settings)}${tls(settings)}${services(settings)}`;
}

function places({ folder }: DovecotSettings): string {
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
# LMTP keeps large messages here while it reads them; the default is /tmp.
mail_temp_dir = ${folder}
protocols = pop3 lmtp
listen = ${OWN_ADDRESS}, ${FOREIGN_ADDRESS}

mail_location = maildir:~/Maildir
# The mail is thrown away after the test; waiting for the disk would only slow it down.
mail_fsync = never
# Messages of a gigabyte are tested, and the default of 256 MB a process counts mapped files too.
default_vsz_limit = 4 G
# The default of 10 connections a user and address is below what a test of parallel sessions opens.
mail_max_userip_connections = 1000
`;
}

function authentication({ folder, mechanisms, clientAuthority }: DovecotSettings): string {
  return `${clientAuthority === undefined ? '' : certificates(clientAuthority)}
auth_mechanisms = ${mechanisms.join(' ')}
# "ann" and "ann@example.org" are one user: people log in with either, and LMTP delivers to the address.
auth_username_format = %Ln
# Empty means any character: names outside ASCII are tested.
auth_username_chars =
# A wrong password is answered at once, instead of after two seconds.
auth_failure_delay = 0
# Tokens are judged here, with no server asked.
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${folder}/tokens.conf
}
passdb {
  driver = passwd-file
  args = ${folder}/users
}
userdb {
  driver = passwd-file
  args = ${folder}/users
}
`;
}

/** The names are common names; nobody has revoked any. The authority has vouched for them, so there is no password. */
function certificates(authority: string): string {
  return `
ssl_ca = <${authority}
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_username_from_cert = yes
passdb {
  driver = static
  mechanisms = external
  args = nopassword
}
`;
}

/** How Dovecot judges a token: a JWT (RFC 7519) whose signature is by the one key, and which names the user. */
export function tokenConfig(folder: string): string {
  return `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=${folder}/keys/
username_attribute = sub
`;
}

function tls({ certificate, plaintext, tls }: DovecotSettings): string {
  return `
ssl = ${tls ? 'yes' : 'no'}
disable_plaintext_auth = ${plaintext ? 'no' : 'yes'}
ssl_cert = <${certificate.certificateFile}
ssl_key = <${certificate.keyFile}
`;
}

function services({ folder, ports }: DovecotSettings): string {
  return `
service pop3-login {
  inet_listener pop3 {
    port = ${ports.pop3}
  }
  inet_listener pop3s {
    port = ${ports.pop3s}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = ${ports.lmtp}
  }
  unix_listener ${folder}/lmtp {
    mode = 0666
  }
}
service auth {
  # Postfix asks here as its own user.
  unix_listener ${folder}/auth {
    mode = 0666
  }
}
service anvil {
  # Without this socket nobody counts failures, so that an address is not made to wait longer after each.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
`;
}
