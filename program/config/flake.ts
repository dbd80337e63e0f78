import type { StackConfig } from '../../schema/config.ts';
import { labInputs } from '../inputs.ts';

/** The flake of a stack as evaluations take it, with what the stack puts in the place of its inputs. */
export async function stackFlake(config: StackConfig, baseDirectory: string) {
  return {
    flake: config.flake,
    baseDirectory,
    overrideInputs: { ...(await labInputs(config)), ...config.overrideInputs },
  };
}
