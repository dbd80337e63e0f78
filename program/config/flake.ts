import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { ensureLabImageBase } from '../../lib/local/lab/image-base.ts';
import { ensureLabKernelBase } from '../../lib/local/lab/kernel-base.ts';
import type { FlakeRequest } from '../../lib/store/nix/flake.ts';
import type { StackConfig } from '../../schema/config.ts';

/** The stack's flake as a request for evaluations, with its input overrides. */
export async function stackFlake(config: StackConfig, baseDirectory: string): Promise<FlakeRequest> {
  return {
    flake: config.flake,
    baseDirectory,
    overrideInputs: { ...(await labInputs(config)), ...config.overrideInputs },
  };
}

/**
 * Overrides for the inputs of the lab's flake, for a stack that uses the lab. Only what its machines need is fetched: a
 * bootable system and a kernel, for example, only where there are virtual machines or images.
 */
async function labInputs({
  lab,
  images,
  virtualMachines,
}: Pick<StackConfig, 'lab' | 'images' | 'virtualMachines'>): Promise<Record<string, string>> {
  if (!lab) return {};
  const boots = Object.keys({ ...images, ...virtualMachines }).length > 0;
  const base = await ensureLabBase();
  const image = boots ? await ensureLabImageBase() : undefined;
  const kernel = boots && lab.kernels ? await ensureLabKernelBase() : undefined;
  return { ...base.overrideInputs, ...image?.overrideInputs, ...kernel?.overrideInputs };
}
