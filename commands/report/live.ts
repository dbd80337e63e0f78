import * as z from 'zod';
import { FleetError } from '../../lib/base/errors.ts';
import { redact } from '../../lib/base/process/process-error.ts';
import { type ExportedStack, exportStack, resourcesOf } from '../exported-stack.ts';
import { machinesOf } from '../stack-machines.ts';
import { closeConnections, readStatuses } from '../status/read.ts';
import type { MachineStatus } from '../status/status-report.ts';

/**
 * Reads the machines of a stack. The connection of one may be secret: it is decrypted for the reading alone.
 * @param encrypted the stack's state with its secrets encrypted
 */
export async function readLive(
  stack: string | undefined,
  encrypted: ExportedStack,
  signal: AbortSignal,
): Promise<MachineStatus[]> {
  const decrypted = await exportStack(stack);
  const machines = machinesOf(decrypted);
  try {
    const statuses = await readStatuses(machines, signal);
    return redactErrors(statuses, secretsOf(encrypted, decrypted));
  } finally {
    await closeConnections(machines);
  }
}

/** An error of ssh names the address that it connected to. */
export function redactErrors(
  statuses: readonly MachineStatus[],
  secrets: readonly string[],
): MachineStatus[] {
  return statuses.map((status) => {
    if (!('error' in status)) return status;
    const { code, what, host, why, fix } = status.error;
    const hide = (text: string | undefined) => (text === undefined ? undefined : redact(text, secrets));
    return {
      ...status,
      error: new FleetError({ code, what: redact(what, secrets), host, why: hide(why), fix: hide(fix) }),
    };
  });
}

const connected = z.object({
  urn: z.string(),
  inputs: z.object({ host: z.unknown(), connection: z.unknown() }),
});

/** Values of connections that are secret in the state, the longest first. */
export function secretsOf(encrypted: ExportedStack, decrypted: ExportedStack): string[] {
  const inputs = (state: ExportedStack) =>
    resourcesOf(state, 'nixos:index:Deployment', connected).map(({ urn, inputs }) => [urn, inputs] as const);
  const hidden = new Map(inputs(encrypted));
  const found = inputs(decrypted).flatMap(([urn, shown]) => differing(hidden.get(urn), shown));
  return [...new Set(found)].sort((one, other) => other.length - one.length);
}

/** Texts and numbers of the second value where the first one has something else. */
function differing(hidden: unknown, shown: unknown): string[] {
  if (typeof shown === 'string' || typeof shown === 'number')
    return hidden === shown || String(shown).length < 4 ? [] : [String(shown)];
  if (typeof shown !== 'object' || shown === null) return [];
  return Object.entries(shown).flatMap(([key, value]) =>
    differing((hidden as Record<string, unknown> | undefined)?.[key], value),
  );
}
