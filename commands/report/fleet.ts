import { shortSystem } from '../../lib/machine/record/history.ts';
import type { MachineStatus } from '../status/status-report.ts';
import { cellsOf } from '../status/status-report.ts';
import { hasFailed, minuteOf, shownDeployment } from './deployments.ts';
import type { PlannedMachine, ShownPlan } from './plan.ts';
import type { RecordedFleet, RecordedHost, ShownKernel, ShownWave } from './recorded-fleet.ts';

/** A machine of the report. */
export interface ShownMachine extends RecordedHost {
  tags: readonly string[];
  /** How it differs from what was deployed; empty if it does not. */
  drift: string;
  /** Who deploys to it now; empty if nobody does, or if it was not read. */
  deployedBy: string;
  /** Why it could not be read. */
  unread: { code: string; what: string; why: string; fix: string } | undefined;
  /** What the plan does to it. */
  planned: PlannedMachine | undefined;
}

/** Machines that stand together: those of a wave, or with the same tags. */
export interface MachineGroup {
  title: string;
  notes: string[];
  machines: ShownMachine[];
}

/** All that a report shows. */
export interface ShownFleet {
  project: string;
  stack: string;
  writtenAt: Date;
  /** Whether the machines were read; otherwise they are as the state records them. */
  isLive: boolean;
  machines: ShownMachine[];
  groups: MachineGroup[];
  kernels: ShownKernel[];
  plan: ShownPlan | undefined;
}

export interface FleetSources {
  recorded: RecordedFleet;
  /** Readings of the machines, if they were read. */
  statuses: readonly MachineStatus[] | undefined;
  tags: Readonly<Record<string, readonly string[] | undefined>>;
  plan: ShownPlan | undefined;
  writtenAt: Date;
}

export function shownFleet({ recorded, statuses, tags, plan, writtenAt }: FleetSources): ShownFleet {
  const { project, stack, hosts, waves, kernels } = recorded;
  const planned = new Map(plan?.machines.map((each) => [each.machine, each]));
  for (const name of plan?.removed ?? []) planned.set(name, removal(name));
  const known = new Set(hosts.map(({ name }) => name));
  const added = [...planned.keys()].filter((name) => !known.has(name)).map(newHost);
  const machines = [...hosts, ...added].map((host) => ({
    ...withStatus(
      host,
      statuses?.find(({ machine }) => machine.host === host.name),
    ),
    tags: tags[host.name] ?? [],
    planned: planned.get(host.name),
  }));
  return {
    ...{ project, stack, writtenAt, machines, kernels, plan },
    isLive: statuses !== undefined,
    groups: groupsOf(machines, waves),
  };
}

function removal(machine: string): PlannedMachine {
  const nothing = { consequences: [], changes: [], closure: [] };
  return { event: 'machine-planned', machine, operation: 'delete', ...nothing };
}

/** A machine that only the plan has. */
function newHost(name: string): RecordedHost {
  const empty = { description: '', desired: '', revision: '', deployments: [] };
  return { name, ...empty, running: undefined, facts: undefined };
}

type Status = Pick<ShownMachine, 'drift' | 'deployedBy' | 'unread'>;

function withStatus(host: RecordedHost, status: MachineStatus | undefined): RecordedHost & Status {
  const none = { deployedBy: '', unread: undefined };
  if (status === undefined) return { ...host, ...none, drift: recordedDrift(host) };
  if ('error' in status) {
    const { code, what, why = '', fix = '' } = status.error;
    return { ...host, ...none, drift: recordedDrift(host), unread: { code, what, why, fix } };
  }
  const { reading, history } = status;
  const { drift } = cellsOf(status);
  return {
    ...host,
    running: { ...reading, next: reading.profileSystem },
    deployments: history.map(shownDeployment),
    drift: reading.busy || drift === '–' ? '' : drift,
    deployedBy: reading.busy?.by ?? '',
    unread: undefined,
  };
}

/** Drift that a refresh has found. */
function recordedDrift({ running, desired }: RecordedHost): string {
  if (running === undefined || desired === '') return '';
  const { system, next } = running;
  if (system !== desired && next !== desired) return `not ${shortSystem(desired)}, which is desired`;
  return system === next ? '' : `boots ${shortSystem(next)}`;
}

function groupsOf(machines: readonly ShownMachine[], waves: readonly ShownWave[]): MachineGroup[] {
  const groups =
    waves.length > 0
      ? waves.map(({ name, hosts, settings, passed }) => ({
          title: `wave ${name}`,
          notes: [...settings, ...(passed ? [`passed ${minuteOf(passed)}`] : [])],
          machines: machines.filter((machine) => hosts.includes(machine.name)),
        }))
      : byTags(machines);
  const grouped = new Set(groups.flatMap((group) => group.machines));
  const others = machines.filter((machine) => !grouped.has(machine));
  const last = { title: waves.length > 0 ? 'in no wave' : 'all', notes: [], machines: others };
  return [...groups, last].filter((group) => group.machines.length > 0);
}

/** One group for each set of tags; without tags there is none. */
function byTags(machines: readonly ShownMachine[]): MachineGroup[] {
  if (machines.every(({ tags }) => tags.length === 0)) return [];
  const sets = new Map<string, ShownMachine[]>();
  for (const machine of machines) {
    const title = machine.tags.map((tag) => `@${tag}`).join(' ') || 'without tags';
    sets.set(title, [...(sets.get(title) ?? []), machine]);
  }
  return [...sets].map(([title, members]) => ({ title, notes: [], machines: members }));
}

/** What is to be noticed of a machine; the words are those of the page. */
export const marks = {
  unread: 'cannot be read',
  failed: 'last deployment failed',
  drift: 'drift',
  reboot: 'reboot due',
  deploying: 'being deployed',
  change: 'change pending',
} as const;
export type Mark = keyof typeof marks;

export function marksOf(machine: ShownMachine): Mark[] {
  const { unread, deployments, drift, running, deployedBy, planned } = machine;
  const [latest] = deployments;
  const holds: Record<Mark, boolean> = {
    unread: unread !== undefined,
    failed: latest !== undefined && hasFailed(latest),
    drift: drift !== '',
    reboot: running?.rebootDue === true,
    deploying: deployedBy !== '',
    change: planned !== undefined && planned.operation !== 'same',
  };
  return (Object.keys(marks) as Mark[]).filter((mark) => holds[mark]);
}
