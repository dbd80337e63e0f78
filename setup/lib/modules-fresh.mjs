// Whether node_modules holds what package-lock.json says: exit code 0 or 1. Runs under any Node.js.
// usage: node modules-fresh.mjs FOLDER
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];

function packages(file) {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

const wanted = packages('package-lock.json');
// npm writes this list last, so an interrupted installation has none.
const installed = packages('node_modules/.package-lock.json');

const fresh =
  wanted !== undefined &&
  installed !== undefined &&
  Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const there = installed[path];
    // Packages for other platforms are not installed.
    if (there === undefined) return optional === true;
    return there.version === version && there.integrity === integrity;
  });
process.exit(fresh ? 0 : 1);
