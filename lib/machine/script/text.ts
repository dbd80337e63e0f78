import { readFileSync } from 'node:fs';
import { shellQuote, shellVariables } from '../../base/quote.ts';

/** Data for a script. Sent as part of its text, so that it appears in no argument list and no environment. */
export interface ScriptData {
  /** Shell variables, set before the script's first line. */
  variables?: Readonly<Record<string, string | number>>;
  /** Positional parameters: `$1`, `$2`, … */
  args?: readonly string[];
}

/** The text of a script that lies beside a module. @param base the module's `import.meta.url` */
export function scriptFile(name: string, base: string): string {
  return readFileSync(new URL(name, base), 'utf8');
}

/** The text of a script that the flake's modules run, too: a copy of the folder `nix` needs nothing beside it. */
export function moduleScript(name: string): string {
  return scriptFile(`../../../nix/modules/scripts/${name}`, import.meta.url);
}

/** Comes before each script: PATH, and the functions that print a reply. */
export const prelude = moduleScript('prelude.sh');

/** The machine's lock. Comes after the prelude. */
export const lockScript = moduleScript('lock.sh');

/** Reads and changes what a machine boots. Comes after the prelude. */
export const bootStateScript = moduleScript('boot-state.sh');

/** Runs switch-to-configuration. Arguments: the system's path, the action. */
export const switchScript = scriptFile('./switch-to-configuration.sh', import.meta.url);

/** The text for a machine's shell: prelude, data and script. */
export function scriptText(script: string, { variables = {}, args = [] }: ScriptData = {}): string {
  const words = args.length > 0 ? `set -- ${args.map(shellQuote).join(' ')}\n` : '';
  return `${prelude}${shellVariables(variables)}${words}${script}`;
}
