import { scriptFile } from './script/text.ts';
import type { Machine } from './ssh/machine.ts';
import { runScript } from './ssh/run-script.ts';

const script = scriptFile('./arrival.sh', import.meta.url);

/** The machine's network interface on which ssh connections arrive; undefined where it cannot be found out. */
export async function arrivalInterface(machine: Machine, signal?: AbortSignal): Promise<string | undefined> {
  const reply = await runScript(machine, script, { timeoutSeconds: 20, signal });
  return reply.text('interface') || undefined;
}
