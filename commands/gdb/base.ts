import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runSetUp, type SetUp } from '../../lib/local/set-up.ts';

const gdbSetUp: SetUp<string> = {
  script: 'gdb-base',
  prefix: 'gdb',
  files: ['gdb-base', 'lib/unpacked.sh', 'gdb-packages'],
  what: 'GDB',
  code: 'tool-missing',
  async read(folder) {
    const program = (await readFile(join(folder, 'gdb'), 'utf8')).trim();
    await access(program);
    return program;
  },
};

/**
 * Path of a GDB with Python: this computer's, else one from the cache folder, where setup/gdb-base installs it.
 *
 * @throws FleetError `tool-missing` with the set-up's message.
 */
export function ensureGdb(): Promise<string> {
  return runSetUp(gdbSetUp);
}
