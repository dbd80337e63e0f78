import { isFailure } from '../../../lib/base/errors.ts';
import { completeInstall, installImage } from '../../../lib/images/disk/install-image.ts';
import { readDisk } from '../../../lib/images/disk/read-disk.ts';
import { machineOf } from '../../../lib/machine/ssh/machine-at.ts';
import {
  type DiskInstallInputs,
  type DiskInstallState,
  diskInstallInputs,
  diskInstallState,
} from '../../../schema/disk-install.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import { type Context, PartialFailure, type Recorded, type Resource } from '../../resource.ts';
import { namingConsole } from '../console.ts';
import { cannotImport } from '../import-error.ts';
import { diskProblems, refusedWrite } from './guards.ts';

/** An image that is installed on a disk of a machine. Its id is HOST/SERIAL. */
export const diskInstall: Resource<DiskInstallInputs, DiskInstallState> = {
  token: 'nixos:index:DiskInstall',
  description:
    'An image that is installed on a disk of a machine: written over ssh, without an installer, guarded, and verified by its hash. Removing it leaves the disk as it is.',
  inputs: diskInstallInputs,
  state: diskInstallState,

  check: diskProblems,

  diff(recorded, desired) {
    const written = writes(recorded, desired);
    // Only the state records which image is on the disk, so `check` cannot refuse this; and a preview has to stop at it.
    const refused = 'image' in written || 'imageHash' in written ? refusedWrite(desired) : undefined;
    if (refused) throw refused;
    return changesFrom({
      ...leafDiff(target(recorded.inputs), target(desired), { replace: true }),
      ...written,
    });
  },

  preview({ found: _, ...desired }, recorded) {
    if (recorded && Object.keys(writes(recorded, desired)).length === 0)
      return { ...recorded.state, ...known(desired) };
    return { ...desired, state: 'verified', present: 'yes' };
  },

  async create(inputs, context) {
    const id = `${inputs.host}/${inputs.serial ?? inputs.disk}`;
    return { id, state: await write(id, inputs, undefined, context) };
  },

  async read(id, recorded, context) {
    if (!recorded)
      throw cannotImport(
        `the disk install ${context.name}`,
        'from a disk in use it cannot be read which image was written onto it',
        'Leave it out: the machine itself is adopted as a host.',
      );
    const { inputs, state } = recorded;
    return { id, inputs, state: { ...state, present: await lookAgain(recorded, context) } };
  },

  async update(recorded, desired, context) {
    const due = writes(recorded, desired);
    if (Object.keys(due).length === 0) return { ...recorded.state, ...known(desired) };
    if (recorded.state.state === 'written' && !('image' in due) && !('imageHash' in due))
      return await complete(recorded.id, desired, recorded.state, context);
    return await write(recorded.id, desired, recorded.state, context);
  },

  /** Stops managing: the disk stays as it is. */
  async delete(recorded) {
    await machineOf(recorded.inputs).close();
  },
};

/** What identifies the disk. With a serial, its name may change. */
function target({ serial, disk, sizeBytes }: DiskInstallInputs) {
  return serial === undefined ? { disk, sizeBytes } : { serial };
}

/** Why there is work: the image was not written whole, a step after that failed, or another image is desired and may replace it. */
function writes({ state }: Recorded<DiskInstallInputs, DiskInstallState>, desired: DiskInstallInputs) {
  return {
    ...leafDiff(state.state, 'verified', { at: ['state'], inputDiff: false }),
    ...(desired.onImageChange === 'rewrite'
      ? {
          ...leafDiff(state.image, desired.image, { at: ['image'] }),
          ...leafDiff(state.imageHash, desired.imageHash, { at: ['imageHash'] }),
        }
      : {}),
  };
}

/** Inputs that do not depend on the disk's content. */
function known({ host, connection, bootConnection, disk, overwrite, onImageChange }: DiskInstallInputs) {
  return { host, connection, bootConnection, disk, overwrite, onImageChange };
}

async function write(
  id: string,
  inputs: DiskInstallInputs,
  before: DiskInstallState | undefined,
  context: Context,
): Promise<DiskInstallState> {
  const { bootConnection = inputs.connection } = inputs;
  return await namingConsole(bootConnection, () =>
    installImage(machineOf(inputs), inputs, {
      unfinishedHead: before?.state === 'unfinished' ? before.headSha256 : undefined,
      signal: context.signal,
      status: (line) => context.status(line),
      warn: (line) => context.log('warning', line),
      onFailure: (error, state) => {
        throw new PartialFailure(id, state, error);
      },
    }),
  );
}

async function complete(
  id: string,
  inputs: DiskInstallInputs,
  before: DiskInstallState,
  context: Context,
): Promise<DiskInstallState> {
  return await completeInstall(machineOf(inputs), inputs, before, {
    signal: context.signal,
    status: (line) => context.status(line),
    onFailure: (error, state) => {
      throw new PartialFailure(id, state, error);
    },
  });
}

/** Whether the disk is still in the machine; unknown where the machine, which may have booted from the disk, cannot be reached. */
async function lookAgain(
  { inputs, state }: { inputs: DiskInstallInputs; state: DiskInstallState },
  { signal }: Context,
): Promise<DiskInstallState['present']> {
  const machine = machineOf(inputs);
  const reading = await readDisk(machine, inputs, { signal }).catch((error: unknown) => {
    if (isFailure(error)) return undefined;
    throw error;
  });
  if (!reading) return 'unknown';
  const { serials, others } = reading.found;
  const isIt = serials.some((serial) => state.serials.includes(serial));
  const elsewhere = others.some((line) => state.serials.some((serial) => line.includes(`serial ${serial},`)));
  if (state.serials.length === 0) return reading.found.sizeBytes === inputs.sizeBytes ? 'yes' : 'no';
  return isIt || elsewhere ? 'yes' : 'no';
}
