import { readFileSync } from 'node:fs';
import type { Keep } from '../../../schema/cache-retention.ts';
import type { Connection } from '../../../schema/connection.ts';
import { FleetError } from '../../base/errors.ts';
import { shellVariables } from '../ssh/quote.ts';
import { runOnMachine } from '../ssh/run.ts';

const script = readFileSync(new URL('./pushed-roots.sh', import.meta.url), 'utf8');

/** A machine that serves its store. */
export interface Server {
  connection: Connection;
  host: string;
}

/**
 * Keeps a pushed system from the garbage collection of the machine that serves it, under a name for whom it was pushed.
 * @throws FleetError cache-failed, unreachable, host-key, access-denied, cancelled
 */
export async function addPushedRoot(
  server: Server,
  name: string,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  await work(server, [{ mode_of_work: 'add', folder: folderOf(name), path }], signal);
}

/** Keeps nothing more of what was pushed under a name. */
export async function removePushedRoots(server: Server, name: string, signal?: AbortSignal): Promise<void> {
  await work(server, [{ mode_of_work: 'remove', folder: folderOf(name) }], signal);
}

/**
 * Removes the roots of systems that neither the rules keep nor any machine has, and makes those that lack; what is freed by it
 * the machine's own garbage collection frees.
 * @param machines by the name under which is pushed: the systems that each machine has
 */
export async function keepPushedRoots(
  server: Server,
  { generations = 1, days = 0 }: Pick<Keep, 'generations' | 'days'>,
  machines: Readonly<Record<string, readonly string[]>>,
  signal?: AbortSignal,
): Promise<{ kept: number; removed: number }> {
  const settings = { mode_of_work: 'keep', count: generations, seconds: Math.round(days * 86_400) };
  const runs = Object.entries(machines).map(([name, systems]) => ({
    ...settings,
    folder: folderOf(name),
    needed: systems.join('\n'),
  }));
  const stdout = await work(server, runs, signal);
  const counts = [...stdout.matchAll(/^roots=(\d+) (\d+)$/gm)];
  const total = (at: number) => counts.reduce((sum, match) => sum + Number(match[at]), 0);
  return { kept: total(1), removed: total(2) };
}

function folderOf(name: string): string {
  return `/nix/var/nix/gcroots/nixos-fleet-pushed/${name}`;
}

async function work(
  { connection, host }: Server,
  runs: readonly Record<string, string | number>[],
  signal?: AbortSignal,
): Promise<string> {
  const body = `worker() {\n${script}\n}\n`;
  const calls = runs.map((variables) => `(\n${shellVariables(variables)}worker) || exit 3\n`).join('');
  const { exitCode, stdout, stderr } = await runOnMachine(
    connection,
    host,
    body + calls,
    signal ? { signal } : {},
  );
  if (exitCode === 0) return stdout;
  throw new FleetError({
    code: 'cache-failed',
    what: 'what was pushed could not be kept from garbage collection',
    host,
    why: stderr.trim(),
  });
}
