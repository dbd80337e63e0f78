import { FleetError } from '../../base/errors.ts';
import type { RunResult } from '../../base/process/run.ts';
import { loginShellFix } from '../../store/nix/copy-error.ts';
import type { Machine } from './machine.ts';

/** Printed before a script's own output: what a login shell prints by itself comes before it. */
const mark = 'nixos-fleet: the script begins';

/** Exit code of a script whose first line did not arrive. */
const swallowedCode = 125;

/** A script that shows that it arrived whole, and does nothing if a login shell has read its first line. */
export function markedScript(script: string): string {
  return `echo '${mark}'; begins=1\n[ "\${begins-}" ] || exit ${swallowedCode}\n${script}`;
}

/**
 * The result of a marked script without what the login shell printed.
 * @throws FleetError command-failed if the login shell read the script
 */
export function unmarkedResult({ name: host, connection }: Machine, result: RunResult): RunResult {
  const at = result.stdout.indexOf(`${mark}\n`);
  if (at >= 0) return { ...result, stdout: result.stdout.slice(at + mark.length + 1) };
  if (result.exitCode !== 0 && result.exitCode !== swallowedCode) return result;
  throw new FleetError({
    code: 'command-failed',
    what: `the login shell of ${connection.user} reads the standard input of ssh commands`,
    host,
    why: 'the script that was sent to the machine did not reach its shell',
    fix: loginShellFix,
  });
}
