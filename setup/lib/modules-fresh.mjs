// Whether node_modules matches package-lock.json: exit code 0 or 1. Runs under any Node.js.
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

const locked = packages('package-lock.json');
// npm writes this list last, so it is missing after an interrupted installation.
const installed = packages('node_modules/.package-lock.json');

const fresh =
  locked !== undefined &&
  installed !== undefined &&
  Object.entries(locked).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = installed[path];
    // Packages for other platforms are not installed.
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity;
  });
process.exit(fresh ? 0 : 1);
