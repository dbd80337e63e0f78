import { wrongMachine } from './guard.ts';
import { scriptFile } from './script/text.ts';
import type { Machine } from './ssh/machine.ts';
import { runScript } from './ssh/run-script.ts';

const script = scriptFile('./kept-systems.sh', import.meta.url);

/** Longest time that a machine is waited for, in seconds. */
const limitSeconds = 20;

/**
 * Asks a machine for the systems that it has live, booted, as a generation, or recorded.
 * @throws FleetError unreachable, host-key, access-denied, wrong-machine, command-failed, cancelled
 */
export async function readKeptSystems(
  machine: Machine,
  { machineId, signal }: { machineId?: string; signal?: AbortSignal } = {},
): Promise<string[]> {
  const reply = await runScript(machine, script, { timeoutSeconds: limitSeconds, signal });
  const found = reply.text('machine-id');
  if (machineId && found && found !== machineId) throw wrongMachine(machine.name, machineId, found);
  const what = 'the systems that the machine keeps could not be read';
  if (!reply.isWhole) throw reply.error({ code: 'command-failed', what });
  return [...new Set(reply.list('system'))].filter((path) => path.startsWith('/nix/store/')).sort();
}
