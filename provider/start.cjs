// The first file that Node reads: in syntax that old versions of Node read too, so that they report that they are too old.
const { pathToFileURL } = require('node:url');

const needed = 24;
const [, , main] = process.argv;
if (Number(process.versions.node.split('.')[0]) < needed) {
  console.error(
    `nixos-fleet: Node.js ${needed} or newer is needed; PATH has ${process.version} (${process.execPath}). Install it, or run in a clone of nixos-fleet: npm run setup`,
  );
  process.exit(1);
}
require('./compile-cache.cjs');
// As if Node had been started with the main file.
process.argv.splice(1, 1);
void import(pathToFileURL(main).href);
