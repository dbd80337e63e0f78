import { type Owner, parseOwner } from './ownership/ownership.ts';
import { rebootDue, type SystemParts } from './reboot-due.ts';
import { type DeploymentRecord, deploymentRecord } from './record/record.ts';
import { Reply } from './script/reply.ts';

/** Which machine it is, and its systems. Paths are store paths, empty if there is none. */
export interface SystemsReading {
  machineId: string;
  bootId: string;
  /** The live system; if a specialisation is live, the system that contains it. */
  system: string;
  /** The live specialisation of that system; empty if none is. */
  specialisation: string;
  /** /run/current-system; if a specialisation is live, its own path. */
  current: string;
  /** /run/booted-system */
  booted: string;
  /** The system that the profile points to. */
  profileSystem: string;
  /** Number of the profile's generation; 0 if there is none. */
  generation: number;
}

/** The state of a machine, read in one ssh round trip. */
export interface MachineReading extends SystemsReading {
  /** Whether it runs NixOS, or a system with NixOS's activation interface. */
  nixos: boolean;
  /** Whether it has a Nix store. */
  nix: boolean;
  /** Whether it is a container. It runs its host's kernel, so no reboot is ever due. */
  container: boolean;
  /** Whether its store has the desired system with its closure, kept by a root. */
  holds: boolean;
  /** uname -r */
  kernel: string;
  /** When the live system was activated, ISO 8601, UTC; empty if there is none. */
  since: string;
  rebootDue: boolean;
  /** Free space in KiB; undefined if there is no such file system. */
  free: { nix: number | undefined; boot: number | undefined };
  /** Who holds the deployment lock, if anyone does. */
  busy: Holder | undefined;
  /** The result of the newest deployment, the last line of the machine's history. */
  lastResult: string | undefined;
  /** The newest lines of the machine's history, the oldest first. */
  history: string;
  /** The live system's record, if nixos-fleet deployed it. */
  record: DeploymentRecord | undefined;
  /** Whose deployment the machine was last switched by; undefined if an earlier version or other means did. */
  owner: Owner | undefined;
}

export interface Holder {
  unit: string;
  by: string;
  since: string;
}

/** Reads the whole reply of read-machine.sh. */
export function parseReading(reply: Reply): MachineReading {
  const text = (key: string) => reply.text(key);
  const parts = (name: string): SystemParts | undefined =>
    text(name) === ''
      ? undefined
      : {
          kernel: text(`${name}-kernel`),
          initrd: text(`${name}-initrd`),
          modules: text(`${name}-kernel-modules`),
          params: reply.decoded(`${name}-kernel-params`)?.trim() ?? '',
        };
  const since = reply.number('since');
  const container = reply.flag('container');
  const history = reply.decoded('history') ?? '';
  return {
    ...parseSystems(reply),
    nixos: reply.flag('nixos'),
    nix: reply.flag('nix'),
    container,
    holds: reply.flag('holds'),
    kernel: text('kernel'),
    since: since === undefined ? '' : new Date(since * 1000).toISOString(),
    rebootDue: rebootDue({
      container,
      booted: parts('booted'),
      current: parts('current'),
      profile: parts('profile'),
      containing: text('specialisation') ? parts('system') : undefined,
    }),
    free: { nix: reply.number('free-nix'), boot: reply.number('free-boot') },
    busy: reply.flag('busy')
      ? parseHolder(new Reply(reply.host, { stdout: reply.decoded('holder') }))
      : undefined,
    lastResult: history.trimEnd().split('\n').at(-1) || undefined,
    history,
    record: reply.json('record', deploymentRecord),
    owner: parseOwner(reply),
  };
}

/** Reads what read-machine.sh prints first. */
export function parseSystems(reply: Reply): SystemsReading {
  return {
    machineId: reply.text('machine-id'),
    bootId: reply.text('boot-id'),
    system: reply.text('system'),
    specialisation: reply.text('specialisation'),
    current: reply.text('current'),
    booted: reply.text('booted'),
    profileSystem: reply.text('profile'),
    generation: reply.number('generation') ?? 0,
  };
}

/** Parses a lock holder's lines `unit=…`, `by=…`, `since=…` (seconds since 1970). */
export function parseHolder(reply: Reply): Holder {
  const since = reply.number('since');
  return {
    unit: reply.text('unit') || 'unknown',
    by: reply.text('by') || 'unknown',
    since: since ? new Date(since * 1000).toISOString() : 'unknown',
  };
}
