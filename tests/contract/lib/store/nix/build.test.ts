import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, readlink, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildDerivations } from '../../../../../lib/store/nix/build.ts';
import { nix, nixStore } from '../../../../../lib/store/nix/nix.ts';
import { addRoot, moveRoots } from '../../../../../lib/store/nix/roots.ts';
import { invalidPaths } from '../../../../../lib/store/nix/store.ts';
import { ownFolder } from '../../../../fixtures/flakes/copy.ts';

/** Unique per run, so that no derivation is built already. */
const nonce = crypto.randomUUID();

async function instantiate(expression: string): Promise<{ drvPath: string; outPath: string }> {
  const text = `let nonce = "${nonce}"; make = name: script: extra: derivation ({ inherit name nonce; system = "x86_64-linux";
    builder = "/bin/sh"; args = [ "-c" script ]; } // extra); drv = ${expression}; in { inherit (drv) drvPath; out = drv.outPath; }`;
  const { stdout, stderr, exitCode } = await nix(['eval', '--json', '--expr', text], { timeoutSeconds: 60 });
  assert.equal(exitCode, 0, stderr);
  const { drvPath, out } = JSON.parse(stdout) as { drvPath: string; out: string };
  return { drvPath, outPath: out };
}

const { signal } = new AbortController();

test('a built output gets a root; a failed derivation is named with its log, and the others are built', async () => {
  const folder = await ownFolder();
  const good = await instantiate('make "good" "echo fine > $out" { }');
  const failing = 'make "tool-1.0" "echo first; echo out of luck >&2; exit 3" { }';
  const above = await instantiate(`make "above" "echo > $out" { tool = ${failing}; }`);
  const progress: string[] = [];
  const results = await buildDerivations(
    [
      { ...good, gcRoot: join(folder, 'roots/good'), host: 'web' },
      { ...above, gcRoot: join(folder, 'roots/above'), host: 'db' },
    ],
    { signal, onProgress: (message) => progress.push(message) },
  );
  assert.deepEqual(results.get(good.drvPath), { ok: true });
  assert.equal(await readlink(join(folder, 'roots/good')), good.outPath);
  const failed = results.get(above.drvPath);
  assert.ok(failed && !failed.ok);
  assert.equal(failed.error.code, 'build-failed');
  assert.match(failed.error.message, /^db: tool-1\.0 did not build, which above needs/);
  assert.match(failed.error.why ?? '', /exit code 3[\s\S]*first\n\s+out of luck/);
  assert.match(failed.error.fix ?? '', /nix log \/nix\/store\/\S+-tool-1\.0\.drv/);
  await assert.rejects(readlink(join(folder, 'roots/above')));
  assert.ok(progress.some((message) => /^building .*good$/.test(message)));
});

test('an existing output is not built again, and gets a root', async () => {
  const folder = await ownFolder();
  const good = await instantiate('make "good" "echo fine > $out" { }');
  const request = { ...good, gcRoot: join(folder, 'root') };
  await buildDerivations([request], { signal });
  const progress: string[] = [];
  const again = await buildDerivations([request], {
    signal,
    onProgress: (message) => progress.push(message),
  });
  assert.deepEqual(again.get(good.drvPath), { ok: true });
  assert.deepEqual(progress, []);
});

test('a derivation that is not in the store is an error', async () => {
  const folder = await ownFolder();
  const drvPath = '/nix/store/67lqc0a7h6lzp0h4ixgafxink03jvm00-gone.drv';
  const outPath = '/nix/store/67lqc0a7h6lzp0h4ixgafxink03jvm01-gone';
  const results = await buildDerivations([{ drvPath, outPath, gcRoot: join(folder, 'root') }], { signal });
  const result = results.get(drvPath);
  assert.ok(result && !result.ok);
  assert.equal(result.error.code, 'build-failed');
  assert.ok((await invalidPaths([outPath])).has(outPath));
});

test('an abort ends the build with the code cancelled', async () => {
  const folder = await ownFolder();
  const endless = await instantiate('make "endless" "while :; do :; done" { }');
  const controller = new AbortController();
  const results = await buildDerivations([{ ...endless, gcRoot: join(folder, 'root'), host: 'web' }], {
    signal: controller.signal,
    onProgress: (_, building) => {
      if (building?.builds.some(({ drvPath }) => drvPath === endless.drvPath)) controller.abort();
    },
  });
  const result = results.get(endless.drvPath);
  assert.ok(result && !result.ok);
  assert.equal(result.error.code, 'cancelled');
  assert.doesNotMatch(result.error.message, /@nix/);
  assert.equal(result.error.why, undefined);
});

/** Path of each link that Nix knows as a root. */
async function knownRoots(): Promise<Map<string, string>> {
  const { stdout } = await nixStore(['--gc', '--print-roots'], { timeoutSeconds: 60 });
  const lines = stdout.matchAll(/^"?(.*?)"? -> (.*)$/gm);
  return new Map([...lines].map(([, link = '', path = '']) => [link, path]));
}

test('roots of an earlier build are moved to the new outputs, and stay roots', async () => {
  const folder = await ownFolder();
  const names = ['web', 'db', 'edge'];
  const build = async (edit: string) => {
    const made = await Promise.all(
      names.map(async (name) => ({
        ...(await instantiate(`make "${name}" "echo ${edit} > $out" { }`)),
        gcRoot: join(folder, name),
      })),
    );
    return { made, results: await buildDerivations(made, { signal }) };
  };
  await build('one');
  // A file in the place of a link belongs to somebody; a link that Nix does not know is no root.
  await rm(join(folder, 'edge'));
  await writeFile(join(folder, 'edge'), 'mine');
  const { made, results } = await build('two');
  const known = await knownRoots();
  for (const { gcRoot, outPath, drvPath } of made.slice(0, 2)) {
    assert.deepEqual(results.get(drvPath), { ok: true });
    assert.equal(await readlink(gcRoot), outPath);
    assert.equal(known.get(gcRoot), outPath);
  }
  const edge = results.get(made[2]?.drvPath ?? '');
  assert.ok(edge && !edge.ok);
  assert.match(edge.error.why ?? '', /already exists/);
  assert.equal(await readFile(join(folder, 'edge'), 'utf8'), 'mine');
  assert.deepEqual((await readdir(folder)).sort(), [...names].sort());
});

test('one process moves all registered roots', async () => {
  const folder = await ownFolder();
  const roots = async (edit: string) =>
    await Promise.all(
      ['web', 'db'].map(async (name) => {
        const { drvPath, outPath } = await instantiate(`make "${name}" "echo ${edit} > $out" { }`);
        await nix(['build', '--no-link', `${drvPath}^out`], { timeoutSeconds: 60 });
        return { link: join(folder, name), path: outPath };
      }),
    );
  const old = await roots('three');
  assert.deepEqual(await moveRoots(old), new Set());
  for (const root of old) await addRoot(root);
  const fresh = await roots('four');
  assert.deepEqual(await moveRoots(fresh), new Set(fresh.map(({ link }) => link)));
  // Of one alone, nothing is saved.
  assert.deepEqual(await moveRoots(fresh.slice(1)), new Set());
  const gone = { link: join(folder, 'web'), path: '/nix/store/67lqc0a7h6lzp0h4ixgafxink03jvm01-gone' };
  assert.deepEqual(await moveRoots([...fresh.slice(1), gone]), new Set());
  // What Nix cannot make leaves nothing of the others.
  const occupied = join(folder, 'web~new-2');
  await mkdir(occupied);
  assert.deepEqual(await moveRoots(fresh), new Set());
  await rmdir(occupied);
  for (const { link, path } of fresh) assert.equal(await readlink(link), path);
  assert.deepEqual((await readdir(folder)).sort(), ['db', 'web']);
});
