import { wrongMachine } from './guard.ts';
import { scriptFile } from './script/text.ts';
import type { Machine } from './ssh/machine.ts';
import { runScript } from './ssh/run-script.ts';

const script = scriptFile('./kept-systems.sh', import.meta.url);

/** Limit for the whole call, in seconds. */
const limitSeconds = 20;

/**
 * Reads which systems a machine keeps: live, booted, of any generation, or recorded by a deployment.
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
