import type { FleetError } from '../../../lib/base/errors.ts';
import { refusals, refusedBy } from '../../../lib/images/disk/guards.ts';
import type { DiskInstallInputs } from '../../../schema/disk-install.ts';

/** Problems of a disk that a preview can find. For a disk that was written before, the guards are not evaluated here. */
export function diskProblems(
  inputs: DiskInstallInputs,
  recorded?: DiskInstallInputs,
): Record<string, string> {
  if (inputs.serial === undefined && inputs.sizeBytes === undefined)
    return { serial: 'is needed; for a disk that has none, sizeBytes' };
  if (recorded && recorded.serial === inputs.serial) return {};
  const refused = refusedWrite(inputs);
  return refused ? { disk: refused.message } : {};
}

/** What stands against writing a disk, by how the program saw it; the machine judges it again before it is written. */
export function refusedWrite(inputs: DiskInstallInputs): FleetError | undefined {
  const { host, found, imageSizeMiB } = inputs;
  if (!found) return undefined;
  const imageBytes = imageSizeMiB === undefined ? {} : { imageBytes: imageSizeMiB * 2 ** 20 };
  const refused = refusals({ ...inputs, ...imageBytes }, found);
  return refused.length > 0 ? refusedBy(host, found.device, refused) : undefined;
}
