/**
 * Prints a kernel configuration with the modules that a machine of the selected stack has loaded.
 * Usage: node commands/localmodconfig.ts HOST --source FOLDER-OR-ARCHIVE [--stack STACK]
 */

import { FleetError } from '../lib/base/errors.ts';
import { loadedModules, moduleFragment } from '../lib/kernel/local-modules.ts';
import { closeConnection } from '../lib/machine/ssh/run.ts';
import { machineCommand } from './console/command.ts';
import { connectionTo } from './console/virtual-machines.ts';

const usage = 'usage: npm run localmodconfig -- HOST --source FOLDER-OR-ARCHIVE [--stack STACK]';

await machineCommand(
  usage,
  async (exported, host, _rest, { source }) => {
    if (source === undefined) {
      throw new FleetError({ code: 'config-invalid', what: 'no kernel source is named', fix: usage });
    }
    const connection = connectionTo(exported, host);
    try {
      process.stdout.write(await moduleFragment(host, await loadedModules(connection, host), source));
    } finally {
      await closeConnection(connection);
    }
    return 0;
  },
  ['source'],
);
