import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import log from '@pulumi/pulumi/log/index.js';

/** Environment variable by which a command that reads the engine's events says that it shows no debug messages. */
export const skipDebugVariable = 'NIXOS_FLEET_SKIP_DEBUG';

/**
 * Leaves out the SDK's debug messages: three or more for each resource, sent to the engine one after the other, which drops them
 * unless it was started to show them. They take a quarter of the processor time of a preview of 100 hosts.
 */
export function skipDebugMessages(): void {
  const command = pulumiCommand();
  if (command === undefined || showsDebugMessages(command, process.env)) return;
  (log as { debug: typeof log.debug }).debug = () => Promise.resolve();
}

/** Whether pulumi shows debug messages or writes them to a file. A wrong "yes" only takes time. */
export function showsDebugMessages(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (env[skipDebugVariable]) return false;
  const isDebug = /^(--?(debug|verbose|logtostderr|logflow|event-log|tracing|otel)|-[a-z]*[dv])/;
  return (
    command.some((argument) => isDebug.test(argument)) ||
    Object.keys(env).some((name) =>
      /^PULUMI_(OPTION_(DEBUG|VERBOSE|LOG|EVENT|TRACING|OTEL)|DEBUG)/.test(name),
    )
  );
}

/** Command line of the pulumi that started this program through its language host; undefined where it cannot be found. */
function pulumiCommand(): string[] | undefined {
  try {
    for (let pid = process.ppid, above = 0; pid > 1 && above < 4; above++) {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (basename(command[0] ?? '') === 'pulumi') return command;
      // After the program's name, which may hold any letters, come its state and its parent.
      pid = Number(/.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
    }
  } catch {
    // Only Linux has /proc.
  }
  return undefined;
}
