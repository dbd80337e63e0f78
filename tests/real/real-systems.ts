/**
 * Systems of real NixOS modules, and a root file system with one of them installed. Needs NIXPKGS, a nixpkgs as a local Git
 * repository. Programs are nixpkgs' own where a binary cache has them, else Debian's with SWITCH_TO_CONFIGURATION, a built
 * switch-to-configuration-ng.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { freemem } from 'node:os';
import { basename, join, resolve } from 'node:path';
import * as z from 'zod';
import { readJson, writeJson } from '../../lib/base/files.ts';
import { cacheRoot } from '../../lib/base/home.ts';
import { run } from '../../lib/base/process/run.ts';
import { condenseFleet } from '../../lib/evaluation/condense-fleet.ts';
import { noRawFleet } from '../../lib/evaluation/evaluate-targets.ts';
import { factsExpression } from '../../lib/evaluation/facts-expression.ts';
import type { FactsRecord, RawFacts } from '../../lib/evaluation/raw-facts.ts';
import { nixString, nixStrings } from '../../lib/store/nix/eval.ts';
import type { HostFacts } from '../../schema/facts.ts';
import { cacheOf } from './binary-cache.ts';

const project = resolve(import.meta.dirname, '../..');
const fixture = join(project, 'tests/fixtures/real');
/** Systems that one process of Nix evaluates, and the gigabytes of memory that it takes. */
const [groupSize, groupGigabytes] = [10, 2];

interface Inputs {
  /** Arguments of Nix that evaluate systems.nix: all that is not in this project comes from outside. */
  args: string[];
  /** A hash of all that the systems are made of. */
  key: string;
}

/** Builds systems of tests/fixtures/real/systems.nix, and returns their store paths by name. */
export async function realSystems<Name extends string>(
  names: readonly Name[],
): Promise<Record<Name, string>> {
  const inputs = await fixtureInputs();
  const folder = join(cacheRoot(), 'real/systems', inputs.key);
  await mkdir(folder, { recursive: true });
  await removeOld('systems/*', folder);
  const known = await knownSystems(folder, names);
  const missing = names.filter((name) => !known[name]);
  const atOnce = freemem() / 2 ** 30 > 2 * groupGigabytes ? 2 : 1;
  for (const pair of chunks(chunks(missing, groupSize), atOnce))
    await Promise.all(pair.map((group) => build(group, inputs, folder)));
  return { ...known, ...(await knownSystems(folder, missing)) } as Record<Name, string>;
}

/** What an evaluation tells of such systems, by name. */
export async function realFacts(names: readonly string[]): Promise<Record<string, HostFacts>> {
  const facts = new Map(Object.entries(await rawFacts(names)));
  const { hosts } = await condenseFleet({ ...noRawFleet(), facts });
  return Object.fromEntries([...hosts].map(([name, host]) => [name, host.facts]));
}

/** nix/facts.nix, applied to all in one process of Nix. */
async function rawFacts(names: readonly string[]): Promise<Record<string, RawFacts>> {
  const { args, key } = await fixtureInputs();
  const { text } = factsExpression();
  const version = createHash('sha256').update(text).update(names.join(' ')).digest('hex').slice(0, 12);
  const kept = join(cacheRoot(), 'real/systems', key, `facts-${version}.json`);
  const known = await readJson(kept, z.record(z.string(), z.custom<RawFacts>()));
  if (known) return known;
  const facts: Record<string, RawFacts> = {};
  const mark = 'nixos-fleet-facts';
  const hosts = nixStrings(Object.fromEntries(names.map((name) => [name, name])));
  const inputs = '{ ... }@inputs';
  const apply = `(${text}\n) { mark = ${nixString(mark)}; hosts = ${hosts}; }`;
  const expression = `${inputs}: ${apply} (import ${join(fixture, 'systems.nix')} inputs)`;
  await run('nix-instantiate', ['--eval', ...args, '--expr', expression], {
    timeoutSeconds: 1800,
    onStderrLine: (line) => {
      const start = `trace: ${mark} `;
      if (!line.startsWith(start)) return;
      const record = JSON.parse(line.slice(start.length)) as FactsRecord;
      if ('facts' in record) facts[record.host] = record.facts;
    },
  });
  await writeJson(kept, facts);
  return facts;
}

/** A root file system with a system installed, in the cache folder. */
export async function installedRoot(system: string): Promise<string> {
  const script = join(fixture, 'make-base.sh');
  const key = createHash('sha256').update(system).update(readFileSync(script)).digest('hex').slice(0, 12);
  const root = join(cacheRoot(), 'real', `root-${key}`);
  if (existsSync(root)) return root;
  await removeOld('root-*', root);
  // Of this process, since other test files may make the same.
  const draft = `${root}.${process.pid}`;
  await run('sh', [script, system, draft, join(await busybox(), 'busybox')], { timeoutSeconds: 600 });
  await rename(draft, root).catch(async (error) => {
    if (!existsSync(root)) throw error;
    await rm(draft, { recursive: true });
  });
  return root;
}

/** Removes what nothing was made in for a week, of other nixpkgs or earlier sources. */
async function removeOld(pattern: string, current: string): Promise<void> {
  for (const path of globSync(join(cacheRoot(), 'real', pattern))) {
    const isOld = Date.now() - statSync(path).mtimeMs > 7 * 86_400_000;
    if (isOld && path !== current) await rm(path, { recursive: true, force: true });
  }
}

async function build(group: readonly string[], { args }: Inputs, folder: string): Promise<void> {
  const attributes = group.flatMap((name) => ['--attr', name]);
  // Roots of the garbage collector; the output has the paths in the order of the attributes.
  const roots = join(folder, createHash('sha256').update(group.join(' ')).digest('hex').slice(0, 12));
  const systems = join(fixture, 'systems.nix');
  const { stdout } = await run('nix-build', [systems, ...args, ...attributes, '--out-link', roots], {
    timeoutSeconds: 3600,
  });
  const paths = stdout.trim().split('\n');
  for (const [index, name] of group.entries()) {
    await writeJson(join(folder, `${name}.json`), { path: paths[index] });
  }
}

/** Those of `names` that were built from the same inputs and are still in the store. */
async function knownSystems(folder: string, names: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const path = (await readJson(join(folder, `${name}.json`), z.object({ path: z.string() })))?.path;
    const there =
      path &&
      (await access(path).then(
        () => true,
        () => false,
      ));
    if (there) found[name] = path;
  }
  return found;
}

/** Private key of the people in the systems. */
export const personIdentity = join(cacheRoot(), 'real/person');

/** Generates the key if there is none. */
async function personPublicKey(): Promise<string> {
  await mkdir(join(cacheRoot(), 'real'), { recursive: true });
  await once(`${personIdentity}.pub`, 'ssh-keygen -q -t ed25519 -N "" -C "" -f "$2"', personIdentity);
  return readFileSync(`${personIdentity}.pub`, 'utf8').trim();
}

/** Runs a script, with the file as $1, if there is no such file; other test files that need it wait until it is complete. */
async function once(file: string, script: string, ...args: string[]): Promise<void> {
  const locked = `[ -e "$1" ] || { ${script}; }`;
  await run('flock', [`${file}.lock`, 'sh', '-c', locked, 'sh', file, ...args], { timeoutSeconds: 300 });
}

async function fixtureInputs(): Promise<Inputs> {
  const nixpkgs = given('NIXPKGS');
  const hash = createHash('sha256');
  const modules = globSync(join(project, 'nix/modules/**/*.{nix,sh}'));
  const files = [...globSync(join(fixture, '*'), { exclude: ['**/make-base.sh'] }), ...modules].sort();
  const disko = process.env.DISKO ? given('DISKO') : undefined;
  if (disko) files.push(...globSync(join(disko, '**/*.nix')).sort());
  for (const file of files) hash.update(basename(file)).update(await readFile(file));
  for (const command of ['rev-parse', 'diff']) {
    hash.update((await run('git', ['-C', nixpkgs, command, 'HEAD'], { timeoutSeconds: 120 })).stdout);
  }
  const args = ['--arg', 'nixpkgs', `builtins.fetchGit { url = ${JSON.stringify(`file://${nixpkgs}`)}; }`];
  const personKey = await personPublicKey();
  hash.update(personKey);
  args.push('--argstr', 'personKey', personKey, ...(disko ? ['--arg', 'disko', disko] : []));
  const cache = await cacheOf(nixpkgs);
  if (cache) args.push(...cache.options);
  else args.push(...(await debianInputs(hash)));
  return {
    args,
    key: hash
      .update(cache?.url ?? '')
      .digest('hex')
      .slice(0, 12),
  };
}

/** What the world of Debian's programs is made of. */
export async function debianSources() {
  const names = readFileSync(join(fixture, 'packages'), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.split(' ').filter(Boolean));
  const debs = await debianPackages('real', names);
  return { debs, busybox: await busybox(), switchToConfiguration: given('SWITCH_TO_CONFIGURATION') };
}

async function debianInputs(hash: ReturnType<typeof createHash>): Promise<string[]> {
  const { debs, busybox, switchToConfiguration } = await debianSources();
  hash.update(await readFile(join(debs, 'manifest'))).update(await readFile(switchToConfiguration));
  const source = `builtins.path { path = ${JSON.stringify(debs)}; name = "debs"; filter = path: type: type == "directory" || builtins.match ".*[.]deb" path != null; }`;
  return [
    ...['--arg', 'debs', source],
    ...['--arg', 'busybox', busybox],
    ...['--arg', 'switchToConfiguration', switchToConfiguration],
  ];
}

/** A folder with a static busybox. */
async function busybox(): Promise<string> {
  const debs = await debianPackages('real-busybox-deb', ['busybox-static']);
  const folder = join(cacheRoot(), 'debs/real-busybox');
  await mkdir(folder, { recursive: true });
  const unpack = `dpkg-deb --fsys-tarfile "$2"/busybox-static_*.deb | tar -x -O --wildcards '*/bin/busybox' >"$1.part" && chmod 755 "$1.part" && mv "$1.part" "$1"`;
  await once(join(folder, 'busybox'), unpack, debs);
  return folder;
}

async function debianPackages(folder: string, names: readonly string[]): Promise<string> {
  const debs = join(cacheRoot(), 'debs', folder);
  await run(join(project, 'setup/debs'), ['forky', debs, ...names], { timeoutSeconds: 1800 });
  return debs;
}

export function given(variable: string): string {
  const value = process.env[variable];
  if (!value || !existsSync(value)) throw new Error(`${variable} names nothing: ${value}`);
  return resolve(value);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
