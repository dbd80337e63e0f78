import type { Connection } from '../../schema/connection.ts';
import { type ActivationResult, parseResult } from '../activation/result.ts';
import { runOnMachine } from '../ssh/run.ts';

/**
 * The newest deployments of a machine, whoever made them, the last one first. They are read from what its supervisors
 * left there.
 * @throws FleetError unreachable, host-key, access-denied, cancelled
 */
export async function readHistory(
  connection: Connection,
  host: string,
  count: number,
): Promise<ActivationResult[]> {
  const script = `tail -n ${Math.trunc(count)} /var/lib/nixos-fleet/history.jsonl 2>/dev/null || true\n`;
  return parseHistory((await runOnMachine(connection, host, script)).stdout);
}

/** Lines of a history, the last one first; one that cannot be read is left out. Pure. */
export function parseHistory(text: string): ActivationResult[] {
  return text
    .split('\n')
    .flatMap((line) => parseResult(line || undefined) ?? [])
    .reverse();
}
