import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inputsOf, mayHashPaths, TreeHashSearch } from '../../../../../lib/evaluation/reads/taint.ts';

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-test-'));
after(() => rmSync(folder, { recursive: true }));
const tree = '/nix/store/4bh8vni2in3vhi2qbidc3v0n1qmqa5wx-source';

function derivation(
  name: string,
  inputs: readonly string[],
  sources: readonly string[],
  text: string,
): string {
  const path = join(folder, `${name}.drv`);
  const drvs = inputs.map((input) => `("${input}",["out"])`).join(',');
  const srcs = sources.map((source) => `"${source}"`).join(',');
  writeFileSync(
    path,
    `Derive([("out","/nix/store/x-${name}","","")],[${drvs}],[${srcs}],"x86_64-linux","/bin/sh",[],[("text","${text}")])`,
  );
  return path;
}

test('the hash of the tree is found in a derivation, in those that it needs, and in their texts', () => {
  const written = join(folder, 'written');
  writeFileSync(written, `${tree}/x`);
  const plain = derivation('plain', [], [], 'nothing');
  const direct = derivation('direct', [plain], [], `${tree}/file`);
  const short = derivation('short', [], [], tree.slice('/nix/store/'.length, '/nix/store/'.length + 8));
  const deep = derivation('deep', [plain, direct], [], '');
  const source = derivation('source', [plain], [written], '');
  const search = new TreeHashSearch(tree);
  assert.equal(search.inClosure(plain), false);
  for (const path of [deep, direct, short, source]) assert.equal(search.inClosure(path), true, path);
  assert.ok(search.isSearched(direct));
  assert.equal(search.inClosure(derivation('both', [deep, plain], [], '')), true);
  assert.equal(search.inClosure(derivation('clean', [plain], [folder], '')), false);
});

test('a derivation that cannot be read counts as one with the hash', () => {
  const search = new TreeHashSearch(tree);
  assert.equal(search.inClosure(join(folder, 'missing.drv')), true);
  assert.equal(inputsOf('DrvWithVersion("xp-dyn-drv",[])'), undefined);
});

test('a derivation that is read ahead is searched the same, and one that is not complete later', () => {
  const complete = derivation('complete', [], [], `${tree}/file`);
  const above = derivation('above', [complete], [], '');
  for (const path of [complete, above]) utimesSync(path, 1, 1);
  const search = new TreeHashSearch(tree);
  const partial = derivation('partial', [], [], '');
  for (const path of [complete, above, partial, join(folder, 'missing.drv')]) search.readAhead(path);
  // What was read ahead is not read again.
  for (const path of [complete, above]) rmSync(path);
  assert.equal(search.inClosure(above), true);
  derivation('partial', [], [], `${tree}/file`);
  assert.equal(search.inClosure(partial), true);
});

test('inputs of a derivation are read from its text, also if there are none', () => {
  const read = (path: string) => inputsOf(`Derive([("out","/o","","")],${path},"x86_64-linux")`);
  assert.deepEqual(read('[],[]'), { derivations: [], sources: [] });
  assert.deepEqual(read('[("/a.drv",["out"]),("/b.drv",["dev","out"])],["/c","/d"]'), {
    derivations: ['/a.drv', '/b.drv'],
    sources: ['/c', '/d'],
  });
});

test('only files that hash text and take a path as text may hash a path', () => {
  assert.equal(mayHashPaths(['hashString "md5" hostName', 'x = toString port; y = value ? outPath;']), false);
  assert.equal(mayHashPaths(['hashString "md5" self.outPath']), true);
  assert.equal(mayHashPaths(['hashString "md5" hostName', 'x = toString ./x;']), true);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Nix
  assert.equal(mayHashPaths(['builtins.hashString "md5" "${self}"']), true);
});
