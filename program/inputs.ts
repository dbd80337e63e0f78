import { ensureLabBase } from '../lib/local/lab/base.ts';
import { ensureLabImageBase } from '../lib/local/lab/image-base.ts';
import { ensureLabKernelBase } from '../lib/local/lab/kernel-base.ts';
import type { StackConfig } from '../schema/config.ts';

/**
 * Inputs of the lab's flake, for a stack whose config says that it uses the lab: what its machines need is brought, and no more.
 * A stack with virtual machines or images needs what boots by itself, too.
 */
export async function labInputs({
  lab,
  images,
  virtualMachines,
}: Pick<StackConfig, 'lab' | 'images' | 'virtualMachines'>): Promise<Record<string, string>> {
  if (!lab) return {};
  const boots = Object.keys({ ...images, ...virtualMachines }).length > 0;
  const base = await ensureLabBase();
  const image = boots ? await ensureLabImageBase() : undefined;
  const kernel = lab.kernels ? await ensureLabKernelBase() : undefined;
  return { ...base.overrideInputs, ...image?.overrideInputs, ...kernel?.overrideInputs };
}
