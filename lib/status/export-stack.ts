import { run } from '../process.ts';

/** What `pulumi stack export` prints of a stack; of the selected one where none is named. */
export async function exportStack(stack: string | undefined): Promise<string> {
  const args = ['stack', 'export', '--non-interactive', ...(stack ? ['--stack', stack] : [])];
  return (await run('pulumi', args, { timeoutSeconds: 120 })).stdout;
}
