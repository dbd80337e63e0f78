#!/usr/bin/env node
// The first file that Node reads: in syntax that old versions of Node read too, so that they report that they are too old.
const { existsSync } = require('node:fs');
const { join, sep } = require('node:path');
const { pathToFileURL } = require('node:url');

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `nixos-fleet: Node.js 24 or newer is needed; PATH has ${process.version} (${process.execPath}). Run: npm run setup`,
  );
  process.exit(1);
}
require('../provider/compile-cache.cjs');
const source = join(__dirname, 'main.ts');
// Node does not strip types below node_modules: an installed package brings a bundle.
const installed = !existsSync(source) || __dirname.includes(`${sep}node_modules${sep}`);
void import(pathToFileURL(installed ? join(__dirname, '../dist/cli.js') : source).href);
