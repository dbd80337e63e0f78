import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../../lib/base/errors.ts';
import { writeAtomically } from '../../lib/base/files.ts';
import { sha256 } from '../../lib/base/hash.ts';
import { cacheRoot } from '../../lib/base/home.ts';
import { withTemporaryFolder } from '../../lib/base/temporary-folder.ts';
import { evaluateFleet } from '../../lib/evaluation/evaluate-fleet.ts';
import type { FleetEvaluation, FleetRequest } from '../../lib/evaluation/types.ts';
import { lockFlake } from '../../lib/store/nix/flake.ts';
import { changedInputs, type InputChange, type Locks, lockedInput } from '../../lib/store/nix/locks.ts';
import { updateInputs } from '../../lib/store/nix/update-inputs.ts';
import type { EvaluatedKernel } from '../../schema/evaluation.ts';

export type UpdateRequest = Omit<FleetRequest, 'lockFile' | 'writeLock'> & { signal: AbortSignal };

/** A lock file with newer inputs that has not replaced the flake's own yet. */
export interface NewLock {
  /** The flake's lock file, and its content. */
  path: string;
  before: string;
  /** A copy of the new lock file in the cache, kept for some weeks. */
  copy: string;
  after: string;
  changes: InputChange[];
}

/**
 * Locks inputs to their newest versions beside the flake's own lock file, which is not touched.
 * @throws FleetError flake-invalid for an input that the flake lacks or the stack replaces, a flake that is no folder of this computer, and
 * an input whose newest version cannot be had
 */
export async function newerLock(request: UpdateRequest, inputs: readonly string[]): Promise<NewLock> {
  const { flake, baseDirectory, overrideInputs = {}, signal } = request;
  refuseOverridden(inputs, overrideInputs);
  const { flakeRef, lockPath, locks } = await lockFlake({
    flake,
    baseDirectory,
    signal,
    writeLock: false,
  });
  for (const input of inputs) lockedInput(locks, input);
  const before = lockPath && (await readFile(lockPath, 'utf8').catch(() => undefined));
  if (lockPath === undefined || before === undefined) throw withoutLock(flake, lockPath);
  return await withTemporaryFolder(async (folder) => {
    const after = await updateInputs({ flakeRef, inputs, output: join(folder, 'flake.lock'), signal });
    const copy = join(cacheRoot(), 'locks', `${sha256(after).slice(0, 16)}.lock`);
    await writeAtomically(copy, after);
    const changes = changedInputs(JSON.parse(before) as Locks, JSON.parse(after) as Locks);
    return { path: lockPath, before, copy, after, changes };
  });
}

type Configure = (kernels: FleetEvaluation['kernels']) => Promise<Record<string, EvaluatedKernel>>;

/** Evaluates the fleet with the flake's own lock and with the new one, from the same tree. */
export async function evaluateBoth(
  request: UpdateRequest,
  { copy }: Pick<NewLock, 'copy'>,
  configure: Configure = async (kernels) => kernels,
): Promise<{ before: FleetEvaluation; after: FleetEvaluation }> {
  const configured = async (fleet: FleetEvaluation) => ({
    ...fleet,
    kernels: await configure(fleet.kernels),
  });
  const before = await configured(await evaluateFleet({ ...request, writeLock: false }));
  return { before, after: await configured(await evaluateFleet({ ...request, lockFile: copy })) };
}

/** Refuses inputs that the stack overrides: an update of their lock would change none of its machines. */
function refuseOverridden(inputs: readonly string[], overrideInputs: Readonly<Record<string, string>>): void {
  for (const input of inputs) {
    const replaced = Object.keys(overrideInputs).find(
      (each) => input === each || input.startsWith(`${each}/`),
    );
    if (replaced === undefined) continue;
    throw new FleetError({
      code: 'flake-invalid',
      what: `the input ${input} is overridden in this stack`,
      why: `overrideInputs replaces ${replaced} by ${overrideInputs[replaced]}`,
      fix: `Name a stack that uses the flake's own with --stack, or update it without looking: nix flake update ${input}`,
    });
  }
}

function withoutLock(flake: string, path: string | undefined): FleetError {
  return path === undefined
    ? new FleetError({
        code: 'flake-invalid',
        what: `the lock file of '${flake}' cannot be updated`,
        why: 'the flake is not a folder on this computer',
        fix: 'Update it where it is kept, and name its new revision in the config key nixos-fleet:flake.',
      })
    : new FleetError({
        code: 'flake-invalid',
        what: `the flake '${flake}' has no lock file`,
        why: `there is no ${path}`,
        fix: `Make one first: nix flake lock '${flake}'`,
      });
}
