import { mebibytes } from '../../../lib/base/bytes.ts';
import { FleetError, isFailure } from '../../../lib/base/errors.ts';
import { parseUrn } from '../../../lib/base/urn.ts';
import { addPushedRoot, removePushedRoots } from '../../../lib/machine/nix-conf/pushed-roots.ts';
import { newClaim } from '../../../lib/machine/ownership/ownership.ts';
import { machineAt } from '../../../lib/machine/ssh/machine-at.ts';
import type { Pushed, PushRequest } from '../../../lib/store/caches/push.ts';
import type { RecordPlace } from '../../../lib/store/caches/retention/folder.ts';
import { giveUpMachine, pushRecorded } from '../../../lib/store/caches/retention/push-recorded.ts';
import { pathInfos } from '../../../lib/store/nix/path-info.ts';
import {
  type CachePushInputs,
  type CachePushState,
  cachePushInputs,
  cachePushState,
} from '../../../schema/cache.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Context, Resource } from '../../resource.ts';
import { Batcher, type BatchItem } from '../../store/batch.ts';
import { gcRootName } from '../../store/gc-root.ts';
import { keyOf, placeProblems, storeOf } from '../cache-store/place.ts';
import { cannotImport } from '../import-error.ts';

/** One closure in a binary cache. Its id is CACHE/NAME. */
export const cachePush: Resource<CachePushInputs, CachePushState> = {
  token: 'nixos:index:CachePush',
  description:
    'A closure that was built on this computer, pushed to a binary cache and signed there before machines fetch it. A cache that cannot be reached stops nothing: the next update tries again.',
  inputs: cachePushInputs,
  state: cachePushState,
  secretInputs: ['secretKey'],

  check: placeProblems,

  diff({ inputs, state }, desired) {
    const what = ({ cache, store, host, path, publicKey }: CachePushInputs) => ({
      cache,
      store,
      host,
      path,
      publicKey,
    });
    return changesFrom({
      ...leafDiff(what(inputs), what(desired)),
      ...leafDiff(state.complete, true, { at: ['complete'], inputDiff: false }),
    });
  },

  preview({ secretKey: _, ...desired }) {
    return { ...desired, complete: true };
  },

  async create(inputs, context) {
    return { id: `${inputs.cache}/${context.name}`, state: await push(inputs, newClaim(), context) };
  },

  async read(id, recorded, context) {
    if (!recorded)
      throw cannotImport(
        `the push ${context.name}`,
        'it records that one closure is in a cache',
        'Declare it: paths that the cache has are not sent again.',
      );
    const { inputs, state } = recorded;
    const { signal } = context;
    const request = { store: storeOf(inputs), paths: [inputs.path], timeoutSeconds: 60, signal };
    const there = await pathInfos(request).catch((error: unknown) => {
      if (isFailure(error)) return error;
      throw error;
    });
    // Of a cache that cannot be reached, the recorded state stays.
    if (there instanceof FleetError) return { id, inputs, state };
    return { id, inputs, state: { ...state, complete: state.complete && there.has(inputs.path) } };
  },

  async update({ state }, desired, context) {
    return await push(desired, state.claim || newClaim(), context);
  },

  /** The pushed closure stays in the cache until a collection finds that nothing needs it. */
  async delete({ inputs, state }, context, replaced) {
    if (replaced) return;
    const { connection, host = '', store = '' } = inputs;
    const ownership = { claim: state.claim ?? '', urn: context.urn };
    const gone = connection
      ? removePushedRoots(
          machineAt(host, connection),
          gcRootName(context.urn, 'push'),
          ownership,
          context.signal,
        )
      : giveUpMachine(store, recordPlace(inputs, context), context.signal);
    await gone.catch((error: unknown) => {
      if (!isFailure(error)) throw error;
      context.log('warning', `${host || inputs.cache} keeps what was pushed to it: ${error.message}`);
    });
  },
};

interface Job extends Omit<PushRequest, 'paths'> {
  path: string;
  place: RecordPlace;
}

function recordPlace({ machine }: CachePushInputs, { urn, name }: Context): RecordPlace {
  const { project, stack } = parseUrn(urn);
  return { project, stack, machine: machine ?? name };
}

/** Pushes to the same store are made by one process. */
const pushes = new Batcher(pushAll);

async function push(inputs: CachePushInputs, claim: string, context: Context): Promise<CachePushState> {
  const { secretKey: _, ...rest } = inputs;
  const { cache, path, connection, host = '' } = inputs;
  const { signal } = context;
  context.status(`pushing to ${cache}`);
  const job: Job = {
    onProgress: context.status,
    store: storeOf(inputs),
    key: keyOf(inputs),
    path,
    place: recordPlace(inputs, context),
  };
  const pushed = await pushes.add(job, signal);
  if (signal.aborted) throw new FleetError({ code: 'cancelled', what: 'the push was cancelled' });
  try {
    if (pushed instanceof FleetError) throw pushed;
    if (connection) {
      const root = gcRootName(context.urn, 'push');
      await addPushedRoot(machineAt(host, connection), root, path, { claim, urn: context.urn }, signal);
    }
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    context.log(
      'warning',
      `it was not pushed to the cache ${cache}; the next up tries again: ${error.message}`,
    );
    return { ...rest, complete: false, paths: 0, mebibytes: 0, claim };
  }
  for (const strange of pushed.foreign) {
    context.log('warning', `${cache} already had ${strange} with another content, which was not signed`);
  }
  return { ...rest, complete: true, paths: pushed.paths, mebibytes: mebibytes(pushed.bytes), claim };
}

async function pushAll(
  items: readonly BatchItem<Job>[],
  signal: AbortSignal,
): Promise<(Pushed | FleetError)[]> {
  const kind = ({ store, key }: Job) => JSON.stringify([store, key.publicKey]);
  const groups = Map.groupBy(items, ({ request }) => kind(request));
  const results = new Map<BatchItem<Job>, Pushed | FleetError>();
  const pushGroup = async (group: readonly BatchItem<Job>[]) => {
    const [first] = group;
    if (!first) return;
    const { store, key } = first.request;
    const paths = [...new Set(group.map(({ request }) => request.path))];
    const onProgress = (line: string) => {
      for (const { request } of group) request.onProgress?.(line);
    };
    const pushedFor = group.map(({ request: { place, path } }) => ({ ...place, path }));
    const desired = { store, key, paths, signal, onProgress };
    const pushed = await pushRecorded(desired, pushedFor).catch((error: unknown) => {
      if (error instanceof FleetError) return error;
      throw error;
    });
    for (const item of group) {
      const result = pushed instanceof FleetError ? pushed : pushed.get(item.request.path);
      if (result) results.set(item, result);
    }
  };
  // A slow store delays no other.
  await Promise.all([...groups.values()].map(pushGroup));
  return items.map((item) => results.get(item) as Pushed | FleetError);
}
