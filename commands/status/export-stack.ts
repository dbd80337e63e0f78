import { run } from '../../lib/base/process/run.ts';
import { hidesConnections } from './stack-machines.ts';

/**
 * What `pulumi stack export` prints of a stack; of the selected one where none is named. With its secrets in the clear, and
 * only then, where a machine cannot be entered without one.
 */
export async function exportStack(stack: string | undefined): Promise<string> {
  const args = ['stack', 'export', '--non-interactive', ...(stack ? ['--stack', stack] : [])];
  const exported = async (...more: string[]) =>
    (await run('pulumi', [...args, ...more], { timeoutSeconds: 120 })).stdout;
  const hidden = await exported();
  return hidesConnections(hidden) ? await exported('--show-secrets') : hidden;
}
