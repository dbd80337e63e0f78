import type { Machine, RunOnMachineOptions } from '../../machine/ssh/machine.ts';
import { shellVariables } from '../../machine/ssh/quote.ts';
import { disksScript } from './read-disk.ts';

/** What a script of this folder said: lines `key=value`, of which `end=yes` is the last where all went well. */
export interface ScriptAnswer {
  whole: boolean;
  all: (key: string) => string[];
  /** Why it failed, in its own words, else in those of the shell. */
  why: string;
}

/** Runs a script that comes after disks.sh, with its variables. */
export async function runDiskScript(
  machine: Machine,
  { script, variables }: { script: string; variables: Record<string, string> },
  options: RunOnMachineOptions,
): Promise<ScriptAnswer> {
  const input = disksScript + shellVariables(variables) + script;
  const { exitCode, stdout, stderr } = await machine.run(input, options);
  const all = (key: string) =>
    [...stdout.matchAll(/^([a-z-]+)=(.*)$/gm)]
      .filter(([, name]) => name === key)
      .map(([, , value]) => value ?? '');
  const why = all('failed')[0] || stderr.trim() || `exit code ${exitCode}`;
  return { whole: all('end').includes('yes'), all, why };
}
