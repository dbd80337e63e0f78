import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

const script = scriptFile('./keep.sh', import.meta.url);

/**
 * Protects a system in the machine's store from garbage collection.
 * @throws FleetError command-failed, unreachable, host-key, access-denied, cancelled
 */
export async function keepOnMachine(machine: Machine, system: string, signal?: AbortSignal): Promise<void> {
  const reply = await runScript(machine, script, { variables: { system }, signal });
  if (reply.text('kept') === 'yes') return;
  throw reply.error({
    code: 'command-failed',
    what: 'the delivered system could not be protected from garbage collection',
    fix: 'Check the free space in /nix.',
  });
}
