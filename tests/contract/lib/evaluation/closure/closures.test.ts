/** The changes of a closure, predicted before the build, against `nix store diff-closures` after it. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Closures, correctedChange } from '../../../../../lib/evaluation/closure/closures.ts';
import { describeClosure } from '../../../../../lib/evaluation/closure/describe.ts';
import { Derivations } from '../../../../../lib/evaluation/closure/graph.ts';
import { hashPart } from '../../../../../lib/evaluation/closure/names.ts';
import { nix, nixStore } from '../../../../../lib/store/nix/nix.ts';
import { closureOf, pathInfos } from '../../../../../lib/store/nix/path-info.ts';
import { invalidPaths } from '../../../../../lib/store/nix/store.ts';
import { asLines, diffClosures } from '../../../../fixtures/diff-closures.ts';
import { ownFolder } from '../../../../fixtures/flakes/copy.ts';

const releases = join(import.meta.dirname, '../../../../fixtures/closures/releases.nix');

interface Evaluated {
  drvPath: string;
  outPath: string;
}

process.env.XDG_CACHE_HOME = await ownFolder();

test('the changes of an update are those that nix finds after the build', async () => {
  const { old, desired } = await evaluate();
  await build(old);
  const request = { old: old.outPath, ...desired };
  const [expected] = await new Closures().compare([request]);
  assert.ok(expected);
  assert.ok((await invalidPaths([desired.outPath])).has(desired.outPath), 'nothing is built for it');
  assert.deepEqual(describeClosure(expected.change, { work: expected.work }), [
    'expected: 3 packages change version, 2 packages are added, 1 package is removed, 1 file or unit is added, 1 file or unit is removed, 6 paths are rebuilt',
    '~ c-library: 2.40-66 → 2.41-7, in 3 packages',
    '~ git: 2.51 → 2.52',
    '~ openssl: 3.5.1 → 3.5.2, in 3 packages',
    '+ hello 2.12',
    '+ zlib 1.3, in 1 package, probably',
    '- pcre 10.46',
    '+ unit-new.service, probably',
    '- unit-old.service',
    'to build: 16 derivations; to copy: 14 paths, about 3 KiB and 3 of unknown size',
  ]);

  await build(desired);
  const found = await diffClosures(old.outPath, desired.outPath);
  assert.deepEqual(asLines(expected.change.packages), found);
  const corrected = await correctedChange(old.outPath, desired.outPath);
  assert.deepEqual(asLines(corrected?.packages ?? []), found, 'what was only probable is reported again');
  assert.equal(await correctedChange(old.outPath, desired.outPath), undefined, 'once');
  const [built] = await new Closures().compare([request]);
  assert.equal(built?.change.exact, true);
  assert.equal(built.work, undefined);
  assert.deepEqual(asLines(built.change.packages), found);
});

test('what a binary cache has of the new system is known, with what it takes to fetch it', async () => {
  const { old, desired } = await evaluate();
  await build(old);
  await build(desired);
  const folder = await ownFolder();
  await runNix(['copy', '--to', `file://${folder}`, desired.outPath]);
  const found = await diffClosures(old.outPath, desired.outPath);
  const infos = await pathInfos({ paths: [desired.outPath, old.outPath], recursive: true });
  const before = closureOf(old.outPath, infos);
  const own = closureOf(desired.outPath, infos).filter((path) => !before.includes(path));
  // Also what only the build needed.
  const [made, kept] = await Promise.all(
    [desired, old].map(({ drvPath }) => new Derivations().graph(drvPath)),
  );
  const built = [...(made?.builders.keys() ?? [])].filter((path) => !kept?.builders.has(path));
  const deleted = await nixStore(['--delete', ...built], { timeoutSeconds: 60 });
  assert.equal(deleted.exitCode, 0, deleted.stderr);
  // The cache has all but the system itself.
  rmSync(join(folder, `${hashPart(desired.outPath)}.narinfo`));
  process.env.NIX_CONFIG = `${process.env.NIX_CONFIG ?? ''}\nsubstituters = file://${folder}\nrequire-sigs = false`;

  const [expected] = await new Closures().compare([{ old: old.outPath, ...desired }]);
  assert.ok(expected);
  assert.equal(expected.change.exact, false);
  assert.deepEqual(asLines(expected.change.packages), found);
  const uncertain = expected.change.packages.filter(({ certainty }) => certainty === 'probable');
  assert.deepEqual(uncertain, []);
  assert.equal(expected.work?.builds, 2, 'the system, and the text that is copied into it');
  assert.equal(expected.work.fetches, own.length - 1);
  assert.ok((expected.work.download ?? 0) > 100 * own.length);
});

async function runNix(args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await nix(args, { timeoutSeconds: 120 });
  assert.equal(exitCode, 0, stderr);
}

async function evaluate(): Promise<{ old: Evaluated; desired: Evaluated }> {
  const paths = '{ drvPath, outPath, ... }: { inherit drvPath; out = outPath; }';
  const text = `builtins.mapAttrs (_: ${paths}) (import ${releases} { nonce = "${crypto.randomUUID()}"; })`;
  const { stdout, stderr, exitCode } = await nix(['eval', '--json', '--impure', '--expr', text], {
    timeoutSeconds: 60,
  });
  assert.equal(exitCode, 0, stderr);
  const { old, new: desired } = JSON.parse(stdout) as Record<string, { drvPath: string; out: string }>;
  assert.ok(old && desired);
  return {
    old: { drvPath: old.drvPath, outPath: old.out },
    desired: { drvPath: desired.drvPath, outPath: desired.out },
  };
}

async function build({ drvPath }: Evaluated): Promise<void> {
  await runNix(['build', '--no-link', `${drvPath}^*`]);
}
