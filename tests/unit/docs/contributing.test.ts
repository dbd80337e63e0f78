import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../../', import.meta.url).pathname;
const text = readFileSync(`${root}CONTRIBUTING.md`, 'utf8');

/** Generated or a user's own, as .gitignore has them. */
const ignored = /^(node_modules|dist|operator|result.*|\.(?!(ci|github)$).*)$/;

/** Folders below a path, relative to the root, down to so many levels. */
function folders(path: string, levels: number): string[] {
  if (levels === 0) return [];
  return readdirSync(root + path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !ignored.test(entry.name))
    .map(({ name }) => `${path}${name}/`)
    .flatMap((folder) => [folder, ...folders(folder, levels - 1)]);
}

test('the map has every folder of the top two levels and of the rooms of lib, and no other', () => {
  const mapped = [...text.matchAll(/^\| `([^`]*\/)` \|/gm)].map(([, folder]) => folder ?? '');
  const expected = new Set([...folders('', 2), ...folders('lib/', 2)]);
  assert.deepEqual(mapped, [...expected].sort());
});

test('every file and folder that is named exists', () => {
  const named = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]*)+)`/g)].map(([, path]) => path ?? '');
  assert.ok(named.length > 50);
  const missing = named.filter((path) => !path.includes('NAME') && !existsSync(root + path));
  assert.deepEqual(missing, []);
});
