/**
 * Prints a kernel configuration with the modules that a machine of the selected stack has loaded.
 * Usage: node commands/localmodconfig.ts HOST --source FOLDER-OR-ARCHIVE [--stack STACK]
 */

import { FleetError } from '../lib/base/errors.ts';
import { loadedModules, moduleFragment } from '../lib/kernel/local-modules.ts';
import { runMachineCommand } from './command.ts';
import { machineNamed } from './console/virtual-machines.ts';

const usage = 'usage: nixos-fleet localmodconfig HOST --source FOLDER-OR-ARCHIVE [--stack STACK]';

await runMachineCommand(
  {
    usage,
    summary: 'Prints a kernel configuration with the modules that a machine has loaded.',
    examples: ['localmodconfig web --source ./linux'],
    options: {
      source: { type: 'string', value: 'PATH', describe: 'folder or archive of the kernel source' },
    },
  },
  async (stack, host, _rest, { source }) => {
    if (source === undefined) {
      throw new FleetError({
        code: 'config-invalid',
        what: 'the kernel source is missing: --source',
        fix: usage,
      });
    }
    const machine = machineNamed(stack, host);
    try {
      process.stdout.write(await moduleFragment(host, await loadedModules(machine), source));
    } finally {
      await machine.close();
    }
    return 0;
  },
);
