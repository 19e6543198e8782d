/**
 * The tables of the index. All of it can be made again from the Maildir and the journal, so a change here needs no
 * migration but another `VERSION`: an index of any other version is thrown away.
 *
 * Why so many: a list of the newest messages and a count must not read what searches need, and what the journal says of a
 * message stays when its file is gone for a while.
 */

/** The version of the tables, in `user_version`. */
export const VERSION = 3;

/** What the file is, in `application_id`: "PoHn". */
export const APPLICATION = 0x506f_486e;

/** So many pieces of the full text become one: the more, the less often a word is written again. */
const PIECES = 16;

/**
 * `known` is what the journal says of each number, with the name it has now, `formerly` the names it had before; `places` the folders with the times at which they were looked at;
 * `messages` what is in them, and `ignored` what is in them and is no message; `headers` what lists show, as JSON; `ids` which Message-ID belongs to which thread;
 * `content` the words. A message is `read` once its content is in the index.
 */
export const SCHEMA = `
PRAGMA application_id = ${APPLICATION};
PRAGMA user_version = ${VERSION};
CREATE TABLE marks (journal TEXT PRIMARY KEY, mark TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE known (number INTEGER PRIMARY KEY, base TEXT NOT NULL UNIQUE, uidl TEXT, sha256 TEXT, stored INTEGER);
CREATE TABLE formerly (base TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE places (id INTEGER PRIMARY KEY, folder TEXT NOT NULL, part TEXT NOT NULL, mtime TEXT NOT NULL,
  UNIQUE (folder, part));
CREATE TABLE messages (number INTEGER PRIMARY KEY, place INTEGER NOT NULL, name TEXT NOT NULL, flags TEXT NOT NULL,
  size INTEGER NOT NULL, date INTEGER NOT NULL, files INTEGER NOT NULL DEFAULT 0, thread INTEGER, read INTEGER NOT NULL DEFAULT 0);
CREATE TABLE ignored (place INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (place, name)) WITHOUT ROWID;
CREATE INDEX messages_place ON messages (place, flags, thread);
CREATE INDEX messages_thread ON messages (thread);
CREATE INDEX messages_unread ON messages (number) WHERE read = 0;
CREATE TABLE headers (number INTEGER PRIMARY KEY, messageId TEXT, header TEXT NOT NULL);
CREATE INDEX headers_id ON headers (messageId);
CREATE TABLE ids (id TEXT PRIMARY KEY, thread INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX ids_thread ON ids (thread);
CREATE TABLE tags (tag TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (tag, number)) WITHOUT ROWID;
CREATE INDEX tags_number ON tags (number);
CREATE VIRTUAL TABLE content USING fts5 (subject, sender, recipients, copies, body, files, content = '',
  contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2");
INSERT INTO content (content, rank) VALUES ('hashsize', ${16 * 1024 * 1024});
INSERT INTO content (content, rank) VALUES ('automerge', ${PIECES});
`;
