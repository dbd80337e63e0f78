import { formatSize, mebibytes } from '../../../lib/base/bytes.ts';
import { isFailure } from '../../../lib/base/errors.ts';
import { counted } from '../../../lib/base/text.ts';
import { formatUrn, parseUrn } from '../../../lib/base/urn.ts';
import { readKeptSystems } from '../../../lib/machine/kept-systems.ts';
import { keepPushedRoots } from '../../../lib/machine/nix-conf/pushed-roots.ts';
import { machineAt } from '../../../lib/machine/ssh/machine-at.ts';
import { collect, type KeptMachine } from '../../../lib/store/caches/retention/collect.ts';
import { folderOf } from '../../../lib/store/caches/retention/folder.ts';
import {
  type CacheRetentionInputs,
  type CacheRetentionState,
  cacheRetentionInputs,
  cacheRetentionState,
} from '../../../schema/cache-retention.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Context, Resource } from '../../resource.ts';
import { gcRootName } from '../../store/gc-root.ts';
import { cannotImport } from '../import-error.ts';

/** How long a binary cache keeps what was pushed to it. Its id is the cache's name. */
export const cacheRetention: Resource<CacheRetentionInputs, CacheRetentionState> = {
  token: 'nixos:index:CacheRetention',
  description:
    'Which of the pushed systems a binary cache keeps. A system that any machine has live, booted or recorded is never collected, and neither are paths that no stack pushed.',
  inputs: cacheRetentionInputs,
  state: cacheRetentionState,

  check({ store, connection }): Record<string, string> {
    if (folderOf(store) !== undefined || connection) return {};
    return { store: 'must be a folder, file:///…: pushes to other stores cannot be seen' };
  },

  diff({ inputs, state }, desired) {
    const what = ({ cache, store, host, keep, machines }: CacheRetentionInputs) => ({
      cache,
      store,
      host,
      keep,
      machines: systemsOf(machines),
    });
    const due = state.due !== '' && Date.parse(state.due) <= Date.now();
    return changesFrom({
      ...leafDiff(what(inputs), what(desired)),
      ...(due ? leafDiff(state.due, '', { at: ['due'], inputDiff: false }) : {}),
    });
  },

  preview(desired) {
    return { ...desired };
  },

  async create(inputs, context) {
    return { id: inputs.cache, state: await retain(inputs, nothingYet, context) };
  },

  /** Nothing to refresh: an update reads what the machines and the cache have. */
  async read(id, recorded, context) {
    if (!recorded)
      throw cannotImport(
        `the retention of ${context.name}`,
        'a policy has no remote object',
        'Declare it: paths in the cache that no record names are left alone.',
      );
    return { id, ...recorded };
  },

  async update({ state }, desired, context) {
    return await retain(desired, state, context);
  },

  /** Ends the collections; removes nothing. */
  async delete() {},
};

type Counts = Omit<CacheRetentionState, keyof CacheRetentionInputs>;
const nothingYet: Counts = {
  systems: 0,
  paths: 0,
  mebibytes: 0,
  freedPaths: 0,
  freedMebibytes: 0,
  due: '',
};

/** Of each machine, in a form whose leaves are compared; unknown ones stay so. */
function systemsOf(machines: CacheRetentionInputs['machines']): unknown {
  if (typeof machines !== 'object') return machines;
  return Object.fromEntries(Object.entries(machines).map(([name, machine]) => [name, machine?.systems]));
}

async function retain(
  inputs: CacheRetentionInputs,
  before: Counts,
  context: Context,
): Promise<CacheRetentionState> {
  context.status('reading which systems the machines have');
  const machines = await askMachines(inputs, context);
  try {
    const counts = await (inputs.connection
      ? retainRoots(inputs, machines, context)
      : retainFolder(inputs, machines, context));
    return { ...inputs, ...counts };
  } catch (error) {
    if (!isFailure(error)) throw error;
    context.log(
      'warning',
      `nothing was removed from ${inputs.cache}, and the next up tries again: ${error.message}`,
    );
    const { systems, paths, mebibytes } = before;
    const due = new Date().toISOString();
    return { ...inputs, systems, paths, mebibytes, freedPaths: 0, freedMebibytes: 0, due };
  }
}

/** Systems of each machine. One that cannot be reached may still have all that it had. */
async function askMachines(
  { machines }: CacheRetentionInputs,
  context: Context,
): Promise<Record<string, KeptMachine>> {
  const { signal } = context;
  const desired = Object.entries(machines).map(async ([name, { connection, machineId, systems }]) => {
    try {
      return [
        name,
        { systems, has: await readKeptSystems(machineAt(name, connection), { machineId, signal }) },
      ] as const;
    } catch (error) {
      if (!isFailure(error)) throw error;
      context.log('info', `the systems of ${name} could not be read; all that it had stay: ${error.why}`);
      return [name, { systems }] as const;
    }
  });
  return Object.fromEntries(await Promise.all(desired));
}

async function retainFolder(
  { cache, store, keep }: CacheRetentionInputs,
  machines: Readonly<Record<string, KeptMachine>>,
  context: Context,
): Promise<Counts> {
  const { project, stack } = parseUrn(context.urn);
  const folder = folderOf(store) ?? '';
  context.status('collecting garbage');
  const found = await collect({ folder, project, stack, keep, machines, now: new Date() }, context.signal);
  const { systems, keptPaths, freedPaths, due } = found;
  if (freedPaths > 0) {
    context.log(
      'info',
      `${cache}: freed ${counted(freedPaths, 'path')}, ${formatSize(found.freedBytes)} (of ${counted(found.freedSystems, 'system')}); ${counted(keptPaths, 'path')}, ${formatSize(found.keptBytes)} stay`,
    );
  }
  return {
    systems,
    paths: keptPaths,
    mebibytes: mebibytes(found.keptBytes),
    freedPaths,
    freedMebibytes: mebibytes(found.freedBytes),
    due: due?.toISOString() ?? '',
  };
}

async function retainRoots(
  { cache, host = '', connection, keep }: CacheRetentionInputs,
  machines: Readonly<Record<string, KeptMachine>>,
  context: Context,
): Promise<Counts> {
  if (!connection) return nothingYet;
  const desired = Object.entries(machines).flatMap(([name, { systems, has }]) =>
    has ? [[pushName(context.urn, cache, name), [...new Set([...has, ...systems])]] as const] : [],
  );
  const server = machineAt(host, connection);
  const { kept, removed } = await keepPushedRoots(server, keep, Object.fromEntries(desired), context.signal);
  if (removed > 0)
    context.log(
      'info',
      `${cache}: ${counted(removed, 'system')} may be collected as garbage on ${host}, ${kept} stay`,
    );
  return { ...nothingYet, systems: kept, freedPaths: removed };
}

/** Name of the root of the machine's push. */
function pushName(urn: string, cache: string, machine: string): string {
  const { stack, project } = parseUrn(urn);
  const type = 'nixos:index:CachePush';
  return gcRootName(formatUrn({ stack, project, type, name: `${cache}-${machine}` }), 'push');
}
