import type { Keep } from '../../../schema/cache-retention.ts';
import {
  type Ownership,
  ownedByOther,
  ownershipScript,
  ownershipVariables,
  parseOwner,
} from '../ownership/ownership.ts';
import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

const script = ownershipScript + scriptFile('./pushed-roots.sh', import.meta.url);

/**
 * Adds a gc root for a pushed system on the machine that serves it.
 * @param name of the machine for which it was pushed
 * @throws FleetError cache-failed, unreachable, host-key, access-denied, cancelled
 */
export async function addPushedRoot(
  server: Machine,
  name: string,
  path: string,
  ownership: Ownership,
  signal?: AbortSignal,
): Promise<void> {
  const variables = { ...ownershipVariables(ownership), action: 'add', folder: folderOf(name), path };
  await runAction(server, variables, signal);
}

/** Removes all gc roots of the systems pushed under a name, unless another resource has pushed under it since. */
export async function removePushedRoots(
  server: Machine,
  name: string,
  ownership: Ownership,
  signal?: AbortSignal,
): Promise<void> {
  const variables = { ...ownershipVariables(ownership), action: 'remove', folder: folderOf(name) };
  await runAction(server, variables, signal);
}

/**
 * Removes the gc roots of systems that neither the rules keep nor any machine uses, and adds missing ones. Frees no space
 * itself: the server's own garbage collection does.
 * @param machines the systems that each machine uses, by the name under which they are pushed
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
  const reply = await runAction(server, variables, signal);
  return { kept: reply.number('kept') ?? 0, removed: reply.number('removed') ?? 0 };
}

function folderOf(name: string): string {
  return `/nix/var/nix/gcroots/nixos-fleet-pushed/${name}`;
}

async function runAction(
  server: Machine,
  variables: Record<string, string | number>,
  signal?: AbortSignal,
): Promise<Reply> {
  const reply = await runScript(server, script, { variables, signal });
  if (reply.isWhole) return reply;
  const owner = parseOwner(reply);
  if (owner) throw ownedByOther(server.name, 'the folder of pushed systems', owner);
  throw reply.error({
    code: 'cache-failed',
    what: 'the gc roots of pushed systems could not be changed',
  });
}
