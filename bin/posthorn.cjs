#!/usr/bin/env node
// The program's first lines, in the oldest JavaScript there is: a Node that is too old gets one sentence, not a syntax
// error. Everything else is in the bundle, which the compile cache keeps ready.
var major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write('posthorn: it needs Node 24 or newer, and this is Node ' + process.versions.node + '.\n');
  process.exit(78);
}

// Node believes what it finds in that cache, and would keep it in the folder for temporary files, where any user can put a
// program of theirs in its place before we come. So it is kept where only its owner can write, or not at all.
function ownFolder() {
  var fs = require('node:fs');
  var path = require('node:path');
  var uid = process.getuid ? process.getuid() : undefined;
  var given = process.env.XDG_CACHE_HOME;
  var isGiven = given && path.isAbsolute(given);
  try {
    var base = isGiven ? given : require('node:os').homedir();
    // With sudo it may be the home of somebody else, who should not find folders of root's there.
    if (uid !== undefined && fs.statSync(base).uid !== uid) return undefined;
    var folder = path.join(isGiven ? base : path.join(base, '.cache'), 'posthorn', '.compiled');
    fs.mkdirSync(folder, { recursive: true, mode: 448 });
    var found = fs.lstatSync(folder);
    var isOurs = uid === undefined || (found.isDirectory() && found.uid === uid && (found.mode & 18) === 0);
    return isOurs ? folder : undefined;
  } catch (error) {
    // Without one the program only starts later.
    return void error;
  }
}

// Whoever set NODE_COMPILE_CACHE has chosen a place, and Node has obeyed by now.
var folder = process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE ? undefined : ownFolder();
if (folder !== undefined) require('node:module').enableCompileCache(folder);
require('../dist/posthorn.cjs');
