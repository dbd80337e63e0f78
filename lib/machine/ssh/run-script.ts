import { Reply } from '../script/reply.ts';
import { type ScriptData, scriptText } from '../script/text.ts';
import type { Machine, RunOnMachineOptions } from './machine.ts';

export interface RunScriptOptions extends RunOnMachineOptions, ScriptData {}

/**
 * Runs a script on a machine as root and returns its reply, whatever its exit code.
 * @throws FleetError unreachable, host-key, access-denied, or cancelled
 */
export async function runScript(
  machine: Machine,
  script: string,
  { variables, args, ...options }: RunScriptOptions = {},
): Promise<Reply> {
  const text = scriptText(script, { variables, args });
  return new Reply(machine.name, await machine.run(text, options));
}
