import type { Keep } from '../../../schema/cache-retention.ts';
import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

const script = scriptFile('./pushed-roots.sh', import.meta.url);

/**
 * Keeps a pushed system from the garbage collection of the machine that serves it, under a name for whom it was pushed.
 * @throws FleetError cache-failed, unreachable, host-key, access-denied, cancelled
 */
export async function addPushedRoot(
  server: Machine,
  name: string,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  await work(server, { action: 'add', folder: folderOf(name), path }, signal);
}

/** Keeps nothing more of what was pushed under a name. */
export async function removePushedRoots(server: Machine, name: string, signal?: AbortSignal): Promise<void> {
  await work(server, { action: 'remove', folder: folderOf(name) }, signal);
}

/**
 * Removes the roots of systems that neither the rules keep nor any machine has, and makes those that lack; what is freed by it
 * the machine's own garbage collection frees.
 * @param machines by the name under which is pushed: the systems that each machine has
 */
export async function keepPushedRoots(
  server: Machine,
  { generations = 1, days = 0 }: Pick<Keep, 'generations' | 'days'>,
  machines: Readonly<Record<string, readonly string[]>>,
  signal?: AbortSignal,
): Promise<{ kept: number; removed: number }> {
  const lines = Object.entries(machines).map(([name, systems]) => [folderOf(name), ...systems].join(' '));
  const variables = {
    action: 'keep',
    machines: lines.join('\n'),
    count: generations,
    seconds: Math.round(days * 86_400),
  };
  const reply = await work(server, variables, signal);
  return { kept: reply.number('kept') ?? 0, removed: reply.number('removed') ?? 0 };
}

function folderOf(name: string): string {
  return `/nix/var/nix/gcroots/nixos-fleet-pushed/${name}`;
}

async function work(
  server: Machine,
  variables: Record<string, string | number>,
  signal?: AbortSignal,
): Promise<Reply> {
  const reply = await runScript(server, script, { variables, signal });
  if (reply.isWhole) return reply;
  throw reply.error({
    code: 'cache-failed',
    what: 'pushed systems could not be kept from garbage collection',
  });
}
