import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../../', import.meta.url).pathname;
const read = (path: string) => readFileSync(root + path, 'utf8');

/** Messages in the first column of the tables "message | why | what to do"; `…` stands for anything. */
function messages(markdown: string): string[] {
  const tables = markdown.split('| message | why | what to do |\n').slice(1);
  return tables.flatMap((table) => {
    const [rows = ''] = table.split('\n\n');
    return [...rows.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message]) => message ?? '');
  });
}

const sources = globSync('{commands,lib,nix,program,provider,schema,setup}/**/*', {
  cwd: root,
  withFileTypes: true,
  exclude: (entry) => entry.name === 'node_modules',
})
  .filter((entry) => entry.isFile() && /\.(ts|sh|nix)$|^[a-z-]+$/.test(entry.name))
  .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8'));

/** Whether the words of a message stand in one line of a source, in this order. */
function isPrinted(message: string): boolean {
  const parts = message.split('…').map((part) => part.trim().replace(/[^\w\s]/g, '\\$&'));
  const pattern = new RegExp(parts.filter(Boolean).join('[^\\n]*'));
  return sources.some((source) => pattern.test(source));
}

test('every message of "What can go wrong" is one that the program prints', () => {
  const pages = globSync('docs/*.md', { cwd: root });
  const named = pages.flatMap((page) => messages(read(page)).map((message) => ({ page, message })));
  assert.ok(named.length > 30);
  assert.deepEqual(
    named.filter(({ message }) => !isPrinted(message)),
    [],
  );
});

test('a message that nothing prints is found', () => {
  assert.equal(isPrinted('the moon … is not where it was'), false);
});
