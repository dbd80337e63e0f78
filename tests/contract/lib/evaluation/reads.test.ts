// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Nix
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { FleetReads } from '../../../../lib/evaluation/fleet-reads.ts';
import { readTree } from '../../../../lib/evaluation/reads/tree.ts';
import { ownFolder } from '../../../fixtures/flakes/copy.ts';
import { flakeOf, ReadsFlake } from './reads-flake.ts';

/** Hosts, each of which reads in another way, with the files that it reads. */
const ways: Record<string, { text: string; reads: string[] }> = {
  copies: { text: '"${./read/copied}"', reads: ['read/copied'] },
  copiesFolder: { text: '"${./folder}"', reads: ['folder/inner/file'] },
  filters: {
    text: 'builtins.path { path = ./filtered; name = "f"; filter = path: type: baseNameOf path != "left-out"; }',
    reads: ['filtered/kept'],
  },
  filtersSource: {
    text: 'builtins.filterSource (path: type: type == "directory" || baseNameOf path == "inner") ./sources',
    reads: ['sources/deep/inner'],
  },
  follows: { text: 'builtins.readFile ./link', reads: ['read/one'] },
  hashes: { text: 'builtins.hashFile "sha256" ./read/hashed', reads: ['read/hashed'] },
  imports: { text: 'import ./read/imported.nix', reads: ['read/imported.nix'] },
  importsBuilt: {
    text: 'import (derivation { name = "built"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo \\"$text\\" > $out" ]; text = builtins.readFile ./read/built; })',
    reads: ['read/built'],
  },
  importsFolder: {
    text: 'import ./imported-folder',
    reads: ['imported-folder/default.nix', 'imported-folder/other.nix'],
  },
  lists: { text: 'builtins.toJSON (builtins.readDir ./listed)', reads: [] },
  names: { text: 'builtins.path { path = ./read/named; name = "n"; }', reads: ['read/named'] },
  namesFolder: { text: 'builtins.path { path = ./named; name = "n"; }', reads: ['named/one', 'named/two'] },
  probes: { text: 'if builtins.pathExists ./probed/there then "there" else "missing"', reads: [] },
  reads: { text: 'builtins.readFile ./read/text', reads: ['read/text'] },
  readsOfSelf: { text: 'builtins.readFile "${self}/read/of-self"', reads: ['read/of-self'] },
};
/** Hosts that depend on the flake as a whole. */
const wholes = {
  wholeHash: 'self.narHash',
  wholeHashed: 'import ./hashed-path.nix',
  wholePath: 'builtins.toFile "path" (toString ./read/text)',
  wholePathShort: 'builtins.substring 0 20 (toString ./read/text)',
  wholeTree: '"${self}"',
};
const texts = Object.fromEntries(Object.entries(ways).map(([name, { text }]) => [name, text]));
const revision = { dates: 'toString self.lastModified', revises: 'self.rev or self.dirtyRev or "none"' };
const files: Record<string, string> = {
  'flake.nix': flakeOf({ ...texts, ...revision, ...wholes }),
  'README.md': 'read by nobody\n',
  'hashed-path.nix': 'builtins.hashString "sha256" (toString ./read)\n',
  'read/copied': 'copied\n',
  'read/named': 'named\n',
  'read/hashed': 'hashed\n',
  'read/imported.nix': '"imported"\n',
  'read/built': '"built"\n',
  'read/text': 'text\n',
  'read/of-self': 'text of self\n',
  'read/one': 'one\n',
  'read/two': 'two\n',
  'folder/inner/file': 'inner\n',
  'filtered/kept': 'kept\n',
  'filtered/left-out': 'left out\n',
  'sources/deep/inner': 'inner\n',
  'sources/outer': 'outer\n',
  'named/one': 'one\n',
  'named/two': 'two\n',
  'imported-folder/default.nix': 'import ./other.nix\n',
  'imported-folder/other.nix': '"other"\n',
  'listed/first': '',
};
const hosts = Object.keys({ ...texts, ...revision, ...wholes });
const wholeCount = Object.keys(wholes).length;

beforeEach(async () => {
  process.env.XDG_CACHE_HOME = await ownFolder();
});

for (const git of [true, false]) {
  test(`each way to read a file is observed, also where Nix knows its hash (${git ? 'Git work tree' : 'folder'})`, async () => {
    const flake = await ReadsFlake.make(files, Object.keys(ways), { git });
    symlinkSync('read/one', join(flake.folder, 'link'));
    if (git) await flake.commit();
    const expected = Object.fromEntries(Object.entries(ways).map(([name, { reads }]) => [name, reads]));
    assert.deepEqual(await flake.observe(), expected);
    assert.deepEqual(await flake.observe(), expected);
  });
}

test('after each edit the facts are those of a cold evaluation', async () => {
  const flake = await ReadsFlake.make(files, hosts);
  symlinkSync('read/one', join(flake.folder, 'link'));
  await flake.commit();
  const one = { workers: 1 };
  // A clean tree, and then one with changes.
  assert.equal(await flake.evaluate(one), 'all evaluated');
  flake.write('README.md', 'one\n');
  await flake.evaluate(one);

  // A file that no host reads, and a new one that Git does not track.
  flake.write('README.md', 'two\n');
  flake.write('listed/untracked', '');
  const whole = `${wholeCount} read the flake as a whole`;
  assert.equal(await flake.evaluate(one), `${wholeCount} of ${hosts.length} evaluated: ${whole}`);

  for (const path of ['read/copied', 'read/named', 'read/hashed', 'read/text', 'read/of-self', 'read/one']) {
    flake.write(path, 'edited\n');
  }
  for (const path of ['filtered/kept', 'sources/deep/inner', 'named/two', 'folder/inner/file']) {
    flake.write(path, 'edited\n');
  }
  for (const path of ['read/imported.nix', 'read/built', 'imported-folder/other.nix']) {
    flake.write(path, '"edited"\n');
  }
  await flake.evaluate();

  // Names: added, renamed, a moved link, an edit that is staged and another that is not.
  flake.write('probed/there', '');
  renameSync(join(flake.folder, 'folder/inner/file'), join(flake.folder, 'folder/inner/renamed'));
  rmSync(join(flake.folder, 'link'));
  symlinkSync('read/two', join(flake.folder, 'link'));
  flake.write('read/text', 'staged\n');
  await flake.git('add', '--all');
  flake.write('read/text', 'not staged\n');
  assert.match(
    await flake.evaluate(),
    /folder\/inner\/renamed, listed\/untracked, probed\/there added; folder\/inner\/file removed/,
  );

  flake.remove('probed/there');
  assert.match(await flake.evaluate(), /probed\/there removed/);

  await flake.commit();
  await flake.evaluate();
  flake.write('read/imported.nix', '"after the commit"\n');
  await flake.evaluate();
  await flake.commit();
  assert.match(await flake.evaluate(), /the flake's lastModified, rev changed/);
});

const small = {
  'flake.nix': flakeOf({ web: 'builtins.readFile ./web', db: 'builtins.readFile ./db' }),
  web: '1',
  db: '1',
  README: '1',
};

test('a file that is written during the evaluation is not taken for the one that was read', async () => {
  const flake = await ReadsFlake.make(small, ['web', 'db']);
  let edits = 0;
  const edit = () => {
    // There and back: the tree has the same hash before and after.
    if (edits++ > 0) return;
    flake.write('web', '2');
    flake.write('web', '1');
  };
  await flake.evaluate({ onProgress: edit, workers: 1 });
  assert.ok(edits > 0);
  flake.write('README', '2');
  await flake.evaluate();
});

test('another lock, Nix or facts expression, and another content of an input, are changes for all', async () => {
  const input = join(await ownFolder(), 'input');
  const flakeText = flakeOf(
    { web: 'builtins.readFile "${inputs.other}/file"' },
    'inputs.other = { url = "path:./none"; flake = false; };',
  );
  const flake = await ReadsFlake.make({ 'flake.nix': flakeText, 'none/empty': '' }, ['web'], {
    overrideInputs: { other: `path:${input}` },
  });
  const write = (text: string) => {
    mkdirSync(input, { recursive: true });
    writeFileSync(join(input, 'file'), text);
  };
  write('one');
  await flake.evaluate();
  flake.write('README', '1');
  await flake.git('add', '--all');
  await flake.evaluate();
  write('two');
  assert.equal(await flake.evaluate(), 'all evaluated');

  const locked = await flake.lock();
  const versions = { factsVersion: 'facts', nixVersion: '2.34.8' };
  const key = async (flakeOfKey: typeof locked, more = {}) =>
    (await FleetReads.open(flakeOfKey, { ...versions, ...more }))?.key('web').join('\0');
  const own = await key(locked);
  assert.ok(own);
  assert.equal(await key({ ...locked }), own);
  assert.notEqual(await key(locked, { factsVersion: 'other' }), own);
  assert.notEqual(await key(locked, { nixVersion: '2.34.9' }), own);
  assert.notEqual(await key({ ...locked, locks: { ...locked.locks, root: 'other' } }), own);
  assert.equal(await key(locked, { nixVersion: '2.24.0' }), undefined, 'a Nix that was not tested');
});

test('where it is not known which files Nix sees, the whole flake counts', async () => {
  const flake = await ReadsFlake.make(small, ['web', 'db']);
  const locked = await flake.lock();
  const isObserved = async (more: Partial<typeof locked>) =>
    (await readTree({ ...locked, ...more })) !== undefined;
  assert.equal(await isObserved({}), true);
  assert.equal(await isObserved({ localPath: undefined }), false, 'a remote flake');
  assert.equal(await isObserved({ resolvedUrl: `${locked.resolvedUrl}?ref=main` }), false, 'a branch');
  assert.equal(
    await isObserved({ source: { ...locked.source, submodules: true } }),
    false,
    'with submodules',
  );
  const other = await ReadsFlake.make(small, []);
  await flake.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.folder, 'sub');
  assert.equal(await isObserved({}), false, 'a submodule');
});

test('the environment is not visible to an evaluation, which is pure', async () => {
  const flake = await ReadsFlake.make(
    { 'flake.nix': flakeOf({ web: '"environment: ${builtins.getEnv "READS"}"' }) },
    ['web'],
  );
  process.env.NIX_CONFIG = 'pure-eval = false';
  process.env.READS = 'one';
  await flake.evaluate();
  process.env.READS = 'two';
  assert.equal(await flake.evaluate(), 'nothing evaluated');
});

test('a folder in a subfolder of its repository, with an input that is a folder of it, is observed', async () => {
  const text = flakeOf(
    { web: 'builtins.readFile "${inputs.own}/file"', db: 'import ../db.nix' },
    'inputs.own = { url = "path:./own"; flake = false; };',
  );
  const flake = await ReadsFlake.make(
    { 'nix/flake.nix': text, 'nix/own/file': '1', 'db.nix': '"1"', README: '1' },
    ['web', 'db'],
    { flake: './nix' },
  );
  await flake.evaluate({ workers: 1 });
  await flake.commit();
  await flake.evaluate({ workers: 1 });
  flake.write('README', '2');
  await flake.evaluate({ workers: 1 });
  flake.write('README', '3');
  assert.equal(await flake.evaluate({ workers: 1 }), 'nothing evaluated');
  flake.write('nix/own/file', '2');
  await flake.evaluate({ workers: 1 });
  flake.write('db.nix', '"2"');
  assert.match(await flake.evaluate({ workers: 1 }), /evaluated: db\.nix changed/);
});
