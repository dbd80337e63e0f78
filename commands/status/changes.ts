import { describeDeployment } from '../../lib/machine/record/history.ts';
import { cellsOf, describeUnread, type MachineStatus } from './status-report.ts';

/** What has changed between two readings, one line each: which machine, what. */
export function statusChanges(before: readonly MachineStatus[], after: readonly MachineStatus[]): string[] {
  const earlier = new Map(before.map((status) => [status.machine.host, status]));
  const later = new Set(after.map(({ machine }) => machine.host));
  const lines = after.flatMap((status) => {
    const { host } = status.machine;
    const changes = changesOf(earlier.get(host), status);
    return changes.map((change) => `${host}: ${change}`);
  });
  const left = [...earlier.keys()].filter((host) => !later.has(host));
  return [...lines, ...left.map((host) => `${host}: no longer selected`)];
}

function changesOf(before: MachineStatus | undefined, after: MachineStatus): string[] {
  if ('error' in after) {
    const now = describeUnread(after.error);
    return before && 'error' in before && describeUnread(before.error) === now ? [] : [now];
  }
  const cells = Object.entries(cellsOf(after));
  const told = cells.map(([name, text]) => `${name} ${text}`).join(', ');
  if (!before) return [told];
  if ('error' in before) return [`read again: ${told}`];
  const earlier: Record<string, string> = cellsOf(before);
  const latest = before.history[0]?.endedAt ?? 0;
  return [
    ...cells
      .filter(([name, text]) => text !== earlier[name])
      .map(([name, text]) => `${name} ${earlier[name]} → ${text}`),
    ...after.history
      .filter(({ endedAt }) => endedAt > latest)
      .reverse()
      .map((result) => `deployed ${describeDeployment(result)}`),
  ];
}
