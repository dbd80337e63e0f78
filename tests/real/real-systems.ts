/**
 * Systems of real NixOS modules with Debian's programs, and a root file system with one of them installed. Needs NIXPKGS, a
 * nixpkgs as a local Git repository, and SWITCH_TO_CONFIGURATION, a built switch-to-configuration-ng.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from '../../lib/base/files.ts';
import { cacheRoot } from '../../lib/base/home.ts';
import { run } from '../../lib/base/process/run.ts';

const project = resolve(import.meta.dirname, '../..');
const fixture = join(project, 'tests/fixtures/real');
/** Gigabytes of memory that one evaluation of `groupSize` systems takes. */
const [groupSize, groupGigabytes] = [10, 2];

/** Builds systems of tests/fixtures/real/systems.nix, and returns their store paths by name. */
export async function realSystems(names: readonly string[]): Promise<Record<string, string>> {
  const inputs = await fixtureInputs();
  const folder = join(cacheRoot(), 'real/systems', inputs.key);
  await mkdir(folder, { recursive: true });
  const known = await knownSystems(folder, names);
  const missing = names.filter((name) => !known[name]);
  const groups = chunks(missing, groupSize);
  const build = async (group: readonly string[]) => {
    const attributes = group.flatMap((name) => ['--attr', name]);
    // Roots of the garbage collector, in the order of the attributes.
    const roots = join(folder, createHash('sha256').update(group.join(' ')).digest('hex').slice(0, 12));
    const { stdout } = await run(
      'nix-build',
      [join(fixture, 'systems.nix'), ...inputs.args, ...attributes, '--out-link', roots],
      { timeoutSeconds: 3600 },
    );
    const paths = stdout.trim().split('\n');
    for (const [index, name] of group.entries()) {
      await writeJson(join(folder, `${name}.json`), { path: paths[index] });
    }
  };
  const atOnce = freemem() / 2 ** 30 > 2 * groupGigabytes ? 2 : 1;
  for (const pair of chunks(groups, atOnce)) await Promise.all(pair.map(build));
  return { ...known, ...(await knownSystems(folder, missing)) };
}

/** A root file system with a system installed, in the cache folder. */
export async function installedRoot(system: string): Promise<string> {
  const script = join(fixture, 'make-base.sh');
  const key = createHash('sha256').update(system).update(readFileSync(script)).digest('hex').slice(0, 12);
  const root = join(cacheRoot(), 'real', `root-${key}`);
  if (existsSync(root)) return root;
  for (const old of globSync(join(cacheRoot(), 'real', 'root*')))
    await rm(old, { recursive: true, force: true });
  await run('sh', [script, system, `${root}.new`], { timeoutSeconds: 600 });
  await rename(`${root}.new`, root);
  return root;
}

/** Those of `names` that were built from the same inputs and are still in the store. */
async function knownSystems(folder: string, names: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const path = (await readJson(join(folder, `${name}.json`), z.object({ path: z.string() })))?.path;
    if (
      path &&
      (await access(path).then(
        () => true,
        () => false,
      ))
    )
      found[name] = path;
  }
  return found;
}

/** Arguments of Nix that evaluate systems.nix, since all that is not in this project comes from outside, and a key of them all. */
async function fixtureInputs(): Promise<{ args: string[]; key: string }> {
  const names = readFileSync(join(fixture, 'packages'), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.split(' ').filter(Boolean));
  const [nixpkgs, switchToConfiguration] = [given('NIXPKGS'), given('SWITCH_TO_CONFIGURATION')];
  const debs = join(cacheRoot(), 'debs/real');
  await run(join(project, 'setup/debs'), ['forky', debs, ...names], { timeoutSeconds: 1800 });
  const busybox = join(cacheRoot(), 'debs/real-busybox');
  await mkdir(busybox, { recursive: true });
  const unpack = `dpkg-deb --fsys-tarfile "$1"/busybox-static_*.deb | tar -x -O --wildcards '*/bin/busybox' >"$2/busybox" && chmod 755 "$2/busybox"`;
  if (!existsSync(join(busybox, 'busybox')))
    await run('sh', ['-c', unpack, 'sh', debs, busybox], { timeoutSeconds: 60 });

  const hash = createHash('sha256');
  for (const file of globSync(join(fixture, '*')).sort()) hash.update(file).update(await readFile(file));
  hash.update(await readFile(join(debs, 'manifest'))).update(await readFile(switchToConfiguration));
  for (const of of [
    ['rev-parse', 'HEAD'],
    ['diff', 'HEAD'],
  ]) {
    hash.update((await run('git', ['-C', nixpkgs, ...of], { timeoutSeconds: 120 })).stdout);
  }
  const nixpkgsSource = `builtins.fetchGit { url = ${JSON.stringify(`file://${nixpkgs}`)}; }`;
  const debsSource = `builtins.path { path = ${JSON.stringify(debs)}; name = "debs"; filter = path: type: type == "directory" || builtins.match ".*[.]deb" path != null; }`;
  return {
    args: [
      ...['--arg', 'nixpkgs', nixpkgsSource],
      ...['--arg', 'debs', debsSource],
      ...['--arg', 'busybox', busybox],
      ...['--arg', 'switchToConfiguration', switchToConfiguration],
    ],
    key: hash.digest('hex').slice(0, 12),
  };
}

function given(variable: string): string {
  const value = process.env[variable];
  if (!value || !existsSync(value)) throw new Error(`${variable} names nothing: ${value}`);
  return resolve(value);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
