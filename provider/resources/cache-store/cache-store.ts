import { FleetError, isFailure } from '../../../lib/base/errors.ts';
import { keptForOwner, newClaim } from '../../../lib/machine/ownership/ownership.ts';
import { readSecret, removeSecret, writeSecret } from '../../../lib/machine/secrets/secret-file.ts';
import { machineAt } from '../../../lib/machine/ssh/machine-at.ts';
import { resign } from '../../../lib/store/caches/push.ts';
import { keyName } from '../../../lib/store/nix/key-format.ts';
import {
  type CacheStoreInputs,
  type CacheStoreState,
  cacheStoreInputs,
  cacheStoreState,
} from '../../../schema/cache.ts';
import { secretInputs } from '../../../schema/secret.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { Context, Resource } from '../../resource.ts';
import { cannotImport } from '../import-error.ts';
import { keyOf, placeProblems, storeOf } from './place.ts';

/** What a binary cache holds, and the key that it is signed by. Its id is the cache's name. */
export const cacheStore: Resource<CacheStoreInputs, CacheStoreState> = {
  token: 'nixos:index:CacheStore',
  description:
    'The content of a binary cache, signed by one key. With another key, paths that the former one signed are signed again, or the machine that serves them gets the new key.',
  inputs: cacheStoreInputs,
  state: cacheStoreState,
  secretInputs: ['secretKey'],

  check: placeProblems,

  diff({ inputs, state }, desired) {
    const place = ({ name, store, host, protocol, keyFile }: CacheStoreInputs) => ({
      name,
      store,
      host,
      protocol,
      keyFile,
    });
    return changesFrom({
      ...leafDiff(place(inputs), place(desired), { replace: true }),
      ...leafDiff(state.signedBy, desired.publicKey, { at: ['signedBy'], inputDiff: false }),
    });
  },

  preview({ secretKey: _, ...desired }) {
    return { ...desired, signedBy: desired.publicKey };
  },

  async create(inputs, context) {
    const given = isServed(inputs)
      ? await giveKey(inputs, { signedBy: '' }, context)
      : { signedBy: inputs.publicKey };
    return { id: inputs.name, state: stateOf(inputs, given) };
  },

  async read(id, recorded, context) {
    if (!recorded)
      throw cannotImport(
        `the cache ${context.name}`,
        'there is nothing to adopt: a store with content is used as it is',
        'Declare it. To keep its key, import that: nixos:index:SigningKey.',
      );
    const { inputs, state } = recorded;
    if (!isServed(inputs) || state.signedBy === '') return { id, inputs, state };
    const reading = await readSecret(...keyFileOf(inputs), context.signal).catch(notNow);
    if (reading instanceof FleetError) return { id, inputs, state, unhealthy: reading.message };
    if (state.machineId && reading.machineId !== state.machineId) {
      context.log('warning', `${inputs.host} is another machine now: the next up gives it the key`);
      return { id, inputs, state: { ...state, signedBy: '', machineId: undefined, claim: undefined } };
    }
    const inPlace = reading.file?.content === 'in-place';
    return { id, inputs, state: { ...state, signedBy: inPlace ? state.signedBy : '' } };
  },

  async update({ state }, desired, context) {
    const given = isServed(desired)
      ? await giveKey(desired, state, context)
      : { signedBy: await signAnew(desired, state.signedBy, context) };
    return stateOf(desired, given);
  },

  /** The content of the store stays. */
  async delete({ inputs, state }, context) {
    if (!isServed(inputs) || state.signedBy === '') return;
    const [machine, file] = keyFileOf(inputs);
    const ownership = { claim: state.claim ?? '', urn: context.urn };
    const { machineId = '' } = state;
    const gone = await removeSecret(machine, file.path, ownership, machineId, context.signal).catch(notNow);
    if (gone instanceof FleetError)
      context.log('warning', `the key stays on ${inputs.host}: ${gone.message}`);
    else if (gone.owner) context.log('info', keptForOwner(machine.name, file.path, gone.owner));
    else if (machineId && gone.machineId !== machineId)
      context.log(
        'warning',
        `${inputs.host} is another machine now (${gone.machineId}): it has no key of ours`,
      );
  },
};

/** Whether a machine signs what it serves, with a key of its own. */
function isServed({ host, protocol }: CacheStoreInputs): boolean {
  return host !== undefined && protocol === 'http';
}

type Given = Pick<CacheStoreState, 'signedBy' | 'machineId' | 'claim'>;

/** Both report the key that signs the content afterwards. A cache that cannot be reached stops nothing: the next update tries again. */
async function giveKey(inputs: CacheStoreInputs, before: Given, context: Context): Promise<Given> {
  const claim = before.claim || newClaim();
  const { urn, signal } = context;
  try {
    const [machine, file] = keyFileOf(inputs);
    const written = await writeSecret(machine, file, { claim, urn }, before.machineId, signal);
    const { notRestarted, machineId } = written;
    if (!notRestarted) return { signedBy: inputs.publicKey, machineId, claim };
    throw notRestarted;
  } catch (error) {
    context.log(
      'warning',
      `${inputs.name} does not sign with ${keyName(inputs.publicKey)} yet: ${notNow(error).message}`,
    );
    const { signedBy, machineId } = before;
    return { signedBy, machineId, claim };
  }
}

async function signAnew(inputs: CacheStoreInputs, before: string, context: Context): Promise<string> {
  // Paths that a key in wrong hands signed cannot be trusted: they are signed again only when pushed again.
  if (inputs.revokedKeys.includes(before)) return inputs.publicKey;
  try {
    context.status('signing its paths again');
    const count = await resign(storeOf(inputs), before, keyOf(inputs), context.signal);
    context.log('info', `${inputs.name}: ${count} paths are signed by ${keyName(inputs.publicKey)} too`);
    return inputs.publicKey;
  } catch (error) {
    const { message } = notNow(error);
    context.log('warning', `${inputs.name} is still signed by ${keyName(before)} alone: ${message}`);
    return before;
  }
}

/** The machine that serves the cache, and its key file. */
function keyFileOf(inputs: CacheStoreInputs) {
  const { host = '', connection, keyFile, restartUnits, secretKey } = inputs;
  const file = secretInputs.parse({ host, connection, path: keyFile, restartUnits, value: secretKey });
  return [machineAt(host, file.connection), file] as const;
}

function stateOf({ secretKey: _, ...rest }: CacheStoreInputs, given: Given): CacheStoreState {
  return { ...rest, ...given };
}

function notNow(error: unknown): FleetError {
  if (isFailure(error)) return error;
  throw error;
}
