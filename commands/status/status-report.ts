import type { FleetError } from '../../lib/base/errors.ts';
import { textTable } from '../../lib/base/table.ts';
import type { MachineReading } from '../../lib/machine/parse-reading.ts';
import { describeOutcome, shortSystem } from '../../lib/machine/record/history.ts';
import type { ActivationResult } from '../../lib/machine/record/result.ts';
import type { RecordedMachine } from '../stack-machines.ts';

/** A machine's reading and latest deployments, or why it could not be read. */
export type MachineStatus = { machine: RecordedMachine } & (
  | { reading: MachineReading; history: ActivationResult[] }
  | { error: FleetError }
);

const header = ['machine', 'live', 'generation', 'drift', 'reboot', 'since'] as const;

/** A table of all machines, and below it the latest deployments of each. */
export function statusReport(machines: readonly MachineStatus[]): string {
  if (machines.length === 0) return 'The stack has no machines.\n';
  const rows = [[...header], ...machines.map(row)];
  const descriptions = ['description', ...machines.map(({ machine }) => machine.description ?? '–')];
  // After the name, as the second cell of an unreachable machine has the whole reason.
  const described = rows.map(([name = '', ...cells], index) => [name, descriptions[index] ?? '', ...cells]);
  const parts = [textTable(machines.some(({ machine }) => machine.description) ? described : rows)];
  const deployments = machines.flatMap((status) =>
    'history' in status ? status.history.map((result) => deployment(status.machine.host, result)) : [],
  );
  if (deployments.length > 0) {
    parts.push(
      textTable([['machine', 'deployed (UTC)', 'by', 'revision', 'system', 'result'], ...deployments]),
    );
  }
  return parts.join('\n');
}

function row(status: MachineStatus): string[] {
  const { host } = status.machine;
  return 'error' in status ? [host, describeUnread(status.error)] : [host, ...Object.values(cellsOf(status))];
}

/** Why a machine could not be read, in one line. */
export function describeUnread({ code, what, why }: FleetError): string {
  return `cannot be read: ${why ?? what} [${code}]`.replaceAll('\n', ' ');
}

/** The cells of a machine that was read, by the table's header. */
export function cellsOf({ machine, reading }: Extract<MachineStatus, { reading: unknown }>) {
  return {
    live: [shortSystem(reading.system), reading.specialisation].filter(Boolean).join(' '),
    generation: reading.generation === 0 ? '–' : String(reading.generation),
    drift: drift(reading, machine.system),
    reboot: reading.rebootDue ? 'due' : '–',
    since: timeOf(reading.since),
  };
}

function drift(reading: MachineReading, recorded: string): string {
  if (reading.busy) return `being deployed by ${reading.busy.by}`;
  if (reading.system !== recorded) return `not ${shortSystem(recorded)}, which is recorded`;
  if (reading.profileSystem !== reading.system) return `boots ${shortSystem(reading.profileSystem)}`;
  return '–';
}

/** Whether a machine runs another system than is recorded, or boots another one than it runs. */
export function isDrifted({ system, profileSystem }: MachineReading, recorded: string): boolean {
  return system !== recorded || profileSystem !== system;
}

function deployment(host: string, result: ActivationResult): string[] {
  const shown = describeOutcome(result);
  const when = timeOf(new Date(result.endedAt * 1000).toISOString());
  return [
    host,
    when,
    result.by,
    result.revision.slice(0, 12) || '–',
    shortSystem(result.system),
    result.action === 'switch' ? shown : `${shown} (${result.action})`,
  ];
}

/** A time to the second; – for none. */
export function timeOf(iso: string): string {
  return iso ? iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d).*$/, '$1 $2') : '–';
}
