import { readFile } from 'node:fs/promises';
import type { Builders } from '../../schema/builder.ts';
import { FleetError } from '../errors.ts';
import type { FleetEvaluation, HostEvaluation } from '../evaluation/types.ts';
import { readDerivation } from '../nix-cli/derivation.ts';
import { storeName } from '../nix-cli/nix.ts';
import { nixSettings } from '../nix-cli/settings.ts';
import { invalidPaths } from '../nix-cli/store.ts';
import { wouldBuild } from '../nix-cli/would-build.ts';
import { systemsOf } from './machine-line.ts';

/** Systems that are built for without a question: it saves most fleets all of the questions below. */
const ownSystem = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-${process.platform}`;

/**
 * Looks for machines whose system has to be built on a kind of computer that there is none of: such a machine becomes a failed
 * one (`builder-missing`). What is built already, or fetched from a cache, needs no builder.
 */
export async function checkSystems(
  evaluation: FleetEvaluation,
  builders: Builders,
): Promise<FleetEvaluation> {
  let offered: Set<string> | undefined;
  const hosts: [string, HostEvaluation][] = [];
  for (const [name, host] of Object.entries(evaluation.hosts)) {
    const system = host.ok ? (await readDerivation(host.drvPath))?.system : undefined;
    let checked: HostEvaluation = host;
    if (host.ok && system !== undefined && system !== ownSystem) {
      offered ??= await offeredSystems(builders);
      const error = offered.has(system) ? undefined : await missingBuilder(name, host, offered, builders);
      if (error) checked = { ok: false, error };
    }
    hosts.push([name, checked]);
  }
  return { ...evaluation, hosts: Object.fromEntries(hosts) };
}

async function offeredSystems(builders: Builders): Promise<Set<string>> {
  const { system, extraPlatforms, builders: own } = await nixSettings();
  return new Set([
    system,
    ...extraPlatforms,
    ...systemsOf(await withFiles(own)).map((each) => each ?? system),
    ...Object.values(builders).flatMap(({ systems }) => systems),
    // Runs anywhere.
    'builtin',
  ]);
}

/** A `builders` setting, and what the files say that it names; one that is not there says nothing. */
async function withFiles(setting: string): Promise<string> {
  const files = [...setting.matchAll(/(?:^|[\n;])\s*@(\S+)/g)].map((match) => match[1] ?? '');
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return [setting, ...texts].join('\n');
}

async function missingBuilder(
  host: string,
  { drvPath, outPath }: { drvPath: string; outPath: string },
  offered: ReadonlySet<string>,
  builders: Builders,
): Promise<FleetError | undefined> {
  if ((await invalidPaths([outPath])).size === 0) return undefined;
  const foreign: { drvPath: string; system: string }[] = [];
  for (const drv of await wouldBuild(drvPath)) {
    const system = (await readDerivation(drv))?.system;
    if (system !== undefined && !offered.has(system)) foreign.push({ drvPath: drv, system });
  }
  if (foreign.length === 0) return undefined;
  const systems = [...new Set(foreign.map(({ system }) => system))].join(', ');
  const shown = foreign.slice(0, 3).map((each) => storeName(each.drvPath));
  const more = foreign.length > shown.length ? ` and ${foreign.length - shown.length} more` : '';
  const names = Object.keys(builders).join(', ');
  return new FleetError({
    code: 'builder-missing',
    what: `nothing here builds for ${systems}`,
    host,
    why: `to be built: ${shown.join(', ')}${more}\nthere are: this computer (${ownSystem})${names ? `, ${names}` : ', and no builders'}`,
    mend: `Declare a builder with systems: [${systems}] under nixos-fleet:builders, or emulate it here (boot.binfmt.emulatedSystems).`,
  });
}
