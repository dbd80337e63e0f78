import { readFileSync } from 'node:fs';
import { shellQuote, shellVariables } from '../../base/quote.ts';

/** Data for a script. It travels with the script's text: it is in no argument list and in no environment. */
export interface ScriptData {
  /** Shell variables, set before the script's first line. */
  variables?: Readonly<Record<string, string | number>>;
  /** Its positional parameters: `$1`, `$2`, … */
  args?: readonly string[];
}

/** The text of a script that lies beside a module. @param base the module's `import.meta.url` */
export function scriptFile(name: string, base: string): string {
  return readFileSync(new URL(name, base), 'utf8');
}

/** Comes before each script: PATH, and the functions by which it replies. */
export const prelude = scriptFile('./prelude.sh', import.meta.url);

/** Runs switch-to-configuration; the script describes its arguments. */
export const switchScript = scriptFile('./switch-to-configuration.sh', import.meta.url);

/** The whole of what a machine's shell is given: prelude, data and script. */
export function scriptText(script: string, { variables = {}, args = [] }: ScriptData = {}): string {
  const words = args.length > 0 ? `set -- ${args.map(shellQuote).join(' ')}\n` : '';
  return `${prelude}${shellVariables(variables)}${words}${script}`;
}
