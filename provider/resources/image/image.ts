import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sameValue } from '../../../lib/base/differences.ts';
import { hashFile } from '../../../lib/base/hash.ts';
import { factsChanges } from '../../../lib/evaluation/changes.ts';
import { summarizeFacts } from '../../../lib/evaluation/summarize-facts.ts';
import { findImage } from '../../../lib/images/find-image.ts';
import { describeImage, formatOfName, type ImageFile } from '../../../lib/images/image-file.ts';
import { type ImageManifest, keepCopy, keptState, removeCopy } from '../../../lib/images/kept-copy.ts';
import { registrationTime } from '../../../lib/store/nix/store.ts';
import { parseFacts } from '../../../schema/facts.ts';
import { type ImageInputs, type ImageState, imageInputs, imageState } from '../../../schema/image.ts';
import { changesFrom, leafDiff, noChanges } from '../../diff.ts';
import type { Context, DiffResult, Recorded, Resource } from '../../resource.ts';
import { gcRootName, gcRootPath, removeGcRoot } from '../../store/gc-root.ts';
import { buildImage } from '../../store/store-build.ts';
import { storePathProblems } from '../../store/store-path.ts';
import { isUnknown } from '../../wire/unknown.ts';
import { cannotImport } from '../import-error.ts';

/** A disk image, built on this computer from a machine's configuration. */
export const image: Resource<ImageInputs, ImageState> = {
  token: 'nixos:index:Image',
  description:
    'A disk image of a machine’s configuration, built on this computer, kept from garbage collection and, with keep, copied to a file with a manifest beside it.',
  inputs: imageInputs,
  state: imageState,
  summaries: { facts: summarizeFacts },

  check(inputs) {
    return storePathProblems(inputs);
  },

  diff: diffImage,

  preview(desired, recorded) {
    const { facts: _, builders: _builders, ...known } = desired;
    if (recorded && !diffImage(recorded, desired).changes) return { ...recorded.state, ...known };
    return { ...known, ...foreseen(desired), ...(recorded ? { gcRoot: recorded.state.gcRoot } : {}) };
  },

  async create(inputs, context) {
    return { id: gcRootName(context.urn, 'image'), state: await build(inputs, context) };
  },

  async read(id, recorded, context) {
    if (!recorded)
      throw cannotImport(
        `the image ${context.name}`,
        'an image belongs to a configuration, which a file does not name',
        'Declare it: an image that is in the store is not built again.',
      );
    const { keep } = recorded.inputs;
    return { id, inputs: recorded.inputs, state: { ...recorded.state, kept: await keptAt(keep) } };
  },

  async update(recorded, desired, context) {
    const state = await build(desired, context);
    const { keep } = recorded.inputs;
    if (keep !== undefined && keep !== desired.keep) await dropCopy(keep, context);
    return state;
  },

  async delete(recorded, context, replaced) {
    if (replaced) return;
    if (recorded.inputs.keep !== undefined) await dropCopy(recorded.inputs.keep, context);
    await removeGcRoot(recorded.state.gcRoot);
  },
};

function diffImage(recorded: Recorded<ImageInputs, ImageState>, desired: ImageInputs): DiffResult {
  const kept = {
    ...leafDiff(recorded.inputs.keep, desired.keep, { at: ['keep'] }),
    // A copy that was changed by other means is left alone: only a missing one is made again.
    ...(recorded.state.kept === 'missing' && desired.keep
      ? leafDiff('missing', 'in-place', { at: ['kept'], inputDiff: false })
      : {}),
  };
  if (sameValue(recorded.inputs.outPath, desired.outPath)) {
    return Object.keys(kept).length > 0 ? changesFrom(kept) : noChanges;
  }
  const shown = ({ configuration, attribute, outPath, file, diskSizeMiB, system }: ImageInputs) => ({
    configuration,
    attribute,
    outPath,
    file,
    diskSizeMiB,
    system,
  });
  return changesFrom(
    { ...kept, ...leafDiff(shown(recorded.inputs), shown(desired)) },
    { notes: notes(recorded.inputs, desired) },
  );
}

/** Changes of the system in the image: its facts are one text, which Pulumi would show whole. */
function notes(old: ImageInputs, desired: ImageInputs): string[] {
  if (typeof old.facts !== 'string' || typeof desired.facts !== 'string') return [];
  const changes = factsChanges(parseFacts(old.facts), parseFacts(desired.facts));
  return changes.length > 0 ? [['the system in the image:', ...changes].join('\n  ')] : [];
}

/** Outputs that follow from the evaluation, before the image is built. */
function foreseen({ outPath, file, keep, diskSizeMiB }: ImageInputs): Partial<ImageState> {
  const inStore = isUnknown(outPath) || isUnknown(file) || file === '' ? undefined : join(outPath, file);
  const format = inStore && formatOfName(inStore);
  const path = keep ?? inStore;
  const isDisk = typeof diskSizeMiB === 'number';
  return {
    ...(path === undefined ? {} : { path }),
    ...(format ? { format } : {}),
    ...(isDisk ? { virtualSizeBytes: diskSizeMiB * 2 ** 20 } : {}),
    kept: keep === undefined ? 'none' : 'in-place',
  };
}

async function build(inputs: ImageInputs, context: Context): Promise<ImageState> {
  const { drvPath, outPath, file, keep, builders } = inputs;
  const { signal, name } = context;
  const gcRoot = gcRootPath(context.urn, 'image');
  await buildImage({ host: name, drvPath, outPath, gcRoot, builders }, context);
  const source = await findImage(outPath, file, name);
  context.status('computing its hash');
  const sha256 = await hashFile(source, signal);
  const described = await describeImage(source);
  const builtAt = await registrationTime(outPath, { signal });
  if (keep !== undefined) {
    context.status(`copying it to ${keep}`);
    const { size: bytes } = await stat(source);
    const manifest = manifestOf(name, inputs, described, { source, sha256, builtAt, bytes });
    await keepCopy(keep, { source, manifest, signal });
  }
  const { facts: _, builders: _builders, ...rest } = inputs;
  return { ...rest, ...described, path: keep ?? source, sha256, builtAt, kept: await keptAt(keep), gcRoot };
}

function manifestOf(
  image: string,
  { configuration, attribute, system, facts, revision }: ImageInputs,
  { format, virtualSizeBytes }: ImageFile,
  file: Pick<ImageManifest, 'source' | 'sha256' | 'builtAt' | 'bytes'>,
): ImageManifest {
  const inside = facts === undefined ? undefined : parseFacts(facts);
  return {
    image,
    configuration,
    attribute,
    format,
    ...file,
    ...(virtualSizeBytes === undefined ? {} : { virtualSizeBytes }),
    system,
    nixosLabel: inside?.nixosLabel ?? '',
    kernel: inside?.kernel.version ?? '',
    revision,
  };
}

async function keptAt(keep: string | undefined): Promise<ImageState['kept']> {
  return keep === undefined ? 'none' : await keptState(keep);
}

/** Removes a copy that is no longer desired, unless it was changed or is in use. */
async function dropCopy(keep: string, context: Context): Promise<void> {
  const outcome = await removeCopy(keep);
  const stays = (why: string) => context.log('warning', `${keep} was not removed: ${why}`);
  switch (outcome) {
    case 'removed':
      return;
    case 'changed':
      return stays('it was changed since it was made');
    case 'in-use':
      return stays('a process has it open');
    default:
      outcome satisfies never;
  }
}
