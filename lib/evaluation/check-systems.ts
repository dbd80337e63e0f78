import { readFile } from 'node:fs/promises';
import type { Builders } from '../../schema/builder.ts';
import { FleetError, type FleetErrorDetails } from '../base/errors.ts';
import { systemsOf } from '../store/builders/machine-line.ts';
import { readDerivation } from '../store/nix/derivation.ts';
import { listBuilds } from '../store/nix/dry-run.ts';
import { storeName } from '../store/nix/nix.ts';
import { nixSettings } from '../store/nix/settings.ts';
import { invalidPaths } from '../store/nix/store.ts';
import type { FleetEvaluation, HostEvaluation } from './types.ts';

/** The system of this computer; a fleet of only this system needs no further checks. */
const ownSystem = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-${process.platform}`;

/**
 * Checks that there is a builder for each machine and image; without one it gets a failed evaluation (`builder-missing`), in a
 * preview, which builds nothing, only a warning. Derivations that are built already, or can be fetched from a cache, need no builder.
 */
export async function checkSystems(
  evaluation: FleetEvaluation,
  builders: Builders,
  { preview = false }: { preview?: boolean } = {},
): Promise<FleetEvaluation> {
  let buildable: Promise<Set<string>> | undefined;
  const check = async (name: string, evaluated: HostEvaluation): Promise<HostEvaluation> => {
    if (!evaluated.ok) return evaluated;
    // The other fields of an image describe the system inside.
    const { drvPath, outPath } = evaluated.image ?? evaluated;
    const system = (await readDerivation(drvPath))?.system;
    if (system === undefined || system === ownSystem) return evaluated;
    buildable ??= buildableSystems(builders);
    if ((await buildable).has(system)) return evaluated;
    const details = await missingBuilder({ drvPath, outPath }, await buildable, builders);
    if (!details) return evaluated;
    // A host's warnings are shown after its name.
    if (preview) return { ...evaluated, warnings: [...evaluated.warnings, new FleetError(details).message] };
    return { ok: false, error: new FleetError({ ...details, host: name }) };
  };
  const checkAll = async (all: FleetEvaluation['hosts']): Promise<FleetEvaluation['hosts']> => {
    const checked: [string, HostEvaluation][] = [];
    for (const [name, evaluated] of Object.entries(all)) checked.push([name, await check(name, evaluated)]);
    return Object.fromEntries(checked);
  };
  return {
    ...evaluation,
    hosts: await checkAll(evaluation.hosts),
    images: await checkAll(evaluation.images),
  };
}

async function buildableSystems(builders: Builders): Promise<Set<string>> {
  const { system, extraPlatforms, builders: own } = await nixSettings();
  return new Set([
    system,
    ...extraPlatforms,
    ...systemsOf(await withFiles(own)).map((each) => each ?? system),
    ...Object.values(builders).flatMap(({ systems }) => systems),
    // Built-in derivations build on any system.
    'builtin',
  ]);
}

/** A `builders` setting with the content of the files that it names; missing files are skipped. */
async function withFiles(setting: string): Promise<string> {
  const files = [...setting.matchAll(/(?:^|[\n;])\s*@(\S+)/g)].map((match) => match[1] ?? '');
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return [setting, ...texts].join('\n');
}

async function missingBuilder(
  { drvPath, outPath }: { drvPath: string; outPath: string },
  buildable: ReadonlySet<string>,
  builders: Builders,
): Promise<FleetErrorDetails | undefined> {
  if ((await invalidPaths([outPath])).size === 0) return undefined;
  const foreign: { drvPath: string; system: string }[] = [];
  for (const drv of await listBuilds(drvPath)) {
    const system = (await readDerivation(drv))?.system;
    if (system !== undefined && !buildable.has(system)) foreign.push({ drvPath: drv, system });
  }
  if (foreign.length === 0) return undefined;
  const systems = [...new Set(foreign.map(({ system }) => system))].join(', ');
  const shown = foreign.slice(0, 3).map((each) => storeName(each.drvPath));
  const more = foreign.length > shown.length ? ` and ${foreign.length - shown.length} more` : '';
  const names = Object.keys(builders).join(', ');
  return {
    code: 'builder-missing',
    what: `no builder for ${systems}`,
    why: `to build: ${shown.join(', ')}${more}\navailable: this computer (${ownSystem}), ${names || 'no builders'}`,
    fix: `Declare a builder with systems: [${systems}] under nixos-fleet:builders, or emulate it here (boot.binfmt.emulatedSystems).`,
  };
}
