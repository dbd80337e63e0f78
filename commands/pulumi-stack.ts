import { FleetError } from '../lib/base/errors.ts';
import { runToEnd } from '../lib/base/process/run.ts';

/**
 * What `pulumi` prints about a stack.
 * @param what cannot be done if it fails
 * @throws FleetError config-invalid if no stack is selected, else command-failed
 */
export async function askPulumi(what: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runToEnd('pulumi', [...args, '--non-interactive'], {
    timeoutSeconds: 120,
  });
  if (exitCode === 0) return stdout;
  if (/no stack selected/.test(stderr))
    throw new FleetError({
      code: 'config-invalid',
      what: 'no stack is selected',
      fix: 'Name one with --stack, or select one: pulumi stack select NAME (see `pulumi stack ls`).\nThe first one is made by pulumi stack init NAME; the demo’s by npm run demo.',
    });
  throw new FleetError({
    code: 'command-failed',
    what,
    why: stderr.trim(),
    fix: 'See `pulumi stack ls`; then name one with --stack, or select one: pulumi stack select NAME',
  });
}
