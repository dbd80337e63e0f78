import { readFile } from 'node:fs/promises';
import type { Builders } from '../../schema/builder.ts';
import { FleetError } from '../base/errors.ts';
import { systemsOf } from '../store/builders/machine-line.ts';
import { readDerivation } from '../store/nix/derivation.ts';
import { listBuilds } from '../store/nix/dry-run.ts';
import { storeName } from '../store/nix/nix.ts';
import { nixSettings } from '../store/nix/settings.ts';
import { invalidPaths } from '../store/nix/store.ts';
import type { FleetEvaluation, HostEvaluation } from './types.ts';

/** Systems that are built for without a question: it saves most fleets all of the questions below. */
const ownSystem = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-${process.platform}`;

/**
 * Looks for machines and images that have to be built on a kind of computer that there is none of: such a one becomes a failed
 * one (`builder-missing`). What is built already, or fetched from a cache, needs no builder.
 */
export async function checkSystems(
  evaluation: FleetEvaluation,
  builders: Builders,
): Promise<FleetEvaluation> {
  let offered: Promise<Set<string>> | undefined;
  const check = async (name: string, evaluated: HostEvaluation): Promise<HostEvaluation> => {
    if (!evaluated.ok) return evaluated;
    // Of an image the rest is the system inside.
    const { drvPath, outPath } = evaluated.image ?? evaluated;
    const system = (await readDerivation(drvPath))?.system;
    if (system === undefined || system === ownSystem) return evaluated;
    offered ??= offeredSystems(builders);
    if ((await offered).has(system)) return evaluated;
    const error = await missingBuilder(name, { drvPath, outPath }, await offered, builders);
    return error ? { ok: false, error } : evaluated;
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
  for (const drv of await listBuilds(drvPath)) {
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
    fix: `Declare a builder with systems: [${systems}] under nixos-fleet:builders, or emulate it here (boot.binfmt.emulatedSystems).`,
  });
}
