import { FleetError } from '../lib/base/errors.ts';
import { readMachineSettings } from '../lib/machine/nix-conf/machine-settings.ts';
import type { Machine } from '../lib/machine/ssh/machine.ts';
import { type CacheAnswer, cacheNotes, type HostSystem, type Note } from '../lib/store/caches/cache-notes.ts';
import { estimateBuild } from '../lib/store/nix/dry-run.ts';
import { closureOf, type OtherStore, type PathInfo, pathInfos } from '../lib/store/nix/path-info.ts';
import { invalidPaths } from '../lib/store/nix/store.ts';
import type { DeploymentInputs } from '../schema/deployment.ts';

/** A machine that gets a new system. */
export interface ChangedHost {
  drvPath: string;
  outPath: string;
  delivery: DeploymentInputs['delivery'];
  /** Undefined if the machine does not exist yet. */
  machine?: Machine;
}

export interface QueriedCache {
  store: OtherStore;
  /** Whether this stack pushes to it. */
  filled: boolean;
}

/** Longest time that a preview waits for a cache and for a machine, in seconds. */
const cacheSeconds = 20;
const machineSeconds = 10;

/**
 * Queries all caches and machines at once: what each cache has of the new systems, whether the machines trust its signatures,
 * and what is left to build. Changes nothing; a failure becomes a note.
 */
export async function queryCaches(
  caches: Readonly<Record<string, QueriedCache>>,
  hosts: Readonly<Record<string, ChangedHost>>,
): Promise<Note[]> {
  const outPaths = [...new Set(Object.values(hosts).map(({ outPath }) => outPath))];
  if (outPaths.length === 0 || Object.keys(caches).length === 0) return [];
  const missing = await invalidPaths(outPaths);
  const own = await pathInfos({ paths: outPaths.filter((path) => !missing.has(path)), recursive: true });
  const wanted = [...new Set([...own.keys(), ...missing])];
  const unbuilt = Object.values(hosts).filter(({ outPath }) => missing.has(outPath));
  const [answers, settings, work] = await Promise.all([
    allOf(caches, ({ store, filled }) => queryCache(store, wanted, filled)),
    allOf(hosts, trustedKeysOf),
    estimateBuild([...new Set(unbuilt.map(({ drvPath }) => drvPath))]),
  ]);
  const questions: Record<string, HostSystem> = {};
  for (const [name, { outPath, delivery }] of Object.entries(hosts)) {
    const built = own.has(outPath);
    const closure = built ? closureOf(outPath, own).map((path) => own.get(path) as PathInfo) : undefined;
    const trusted = settings[name];
    questions[name] = { outPath, delivery, closure, trusted };
  }
  return cacheNotes(answers, questions, unbuilt.length > 0 ? work : undefined);
}

async function queryCache(store: OtherStore, paths: string[], filled: boolean): Promise<CacheAnswer> {
  try {
    return { filled, infos: await pathInfos({ store, paths, timeoutSeconds: cacheSeconds }) };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return { filled, problem: (error.why ?? error.message).split('\n').at(-1) ?? '' };
  }
}

/** The public keys that a machine trusts; undefined if nothing is substituted, or if they could not be read. */
async function trustedKeysOf({ machine, delivery }: ChangedHost): Promise<string[] | undefined> {
  if (delivery === 'copy' || !machine) return undefined;
  try {
    return (await readMachineSettings(machine, { timeoutSeconds: machineSeconds })).trustedKeys;
  } catch (error) {
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}

async function allOf<A, B>(
  record: Readonly<Record<string, A>>,
  ask: (value: A) => Promise<B>,
): Promise<Record<string, B>> {
  const entries = Object.entries(record).map(async ([name, value]) => [name, await ask(value)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
