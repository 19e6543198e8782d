#!/usr/bin/env node
// The program's first lines, in the oldest JavaScript there is: a Node that is too old gets one sentence, not a syntax
// error. Everything else is in the bundle, which the compile cache keeps ready.
var major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write('posthorn: it needs Node 24 or newer, and this is Node ' + process.versions.node + '.\n');
  process.exit(78);
}
var start = require('node:module');
if (start.enableCompileCache) start.enableCompileCache();
require('../dist/posthorn.cjs');
