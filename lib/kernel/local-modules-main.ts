/**
 * Prints a kernel configuration with the modules that a machine of the selected stack has loaded.
 * Usage: node lib/kernel/local-modules-main.ts HOST --source FOLDER-OR-ARCHIVE [--stack STACK]
 */

import { machineCommand } from '../console/command.ts';
import { connectionTo } from '../console/virtual-machines.ts';
import { FleetError } from '../errors.ts';
import { closeConnection } from '../ssh/run.ts';
import { loadedModules, moduleFragment } from './local-modules.ts';

const usage = 'usage: npm run localmodconfig -- HOST --source FOLDER-OR-ARCHIVE [--stack STACK]';

await machineCommand(
  usage,
  async (exported, host, _rest, { source }) => {
    if (source === undefined) {
      throw new FleetError({ code: 'config-invalid', what: 'no kernel source is named', mend: usage });
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
