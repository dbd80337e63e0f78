import { rebootDue, type SystemParts } from './reboot-due.ts';
import { type DeploymentRecord, parseRecord } from './record/record.ts';

/** What one ssh round trip tells about a machine. Paths are store paths; empty where there is none. */
export interface MachineReading {
  machineId: string;
  /** Whether it runs NixOS, or what keeps NixOS's activation interface. */
  nixos: boolean;
  /** Whether it has a Nix store. */
  nix: boolean;
  /** Whether it runs its host's kernel: no reboot is ever due then. */
  container: boolean;
  /** The live system, also where a specialisation of it is live. */
  system: string;
  /** The live specialisation of that system; empty where it is itself. */
  specialisation: string;
  /** /run/current-system: of a specialisation, its own path. */
  current: string;
  /** /run/booted-system */
  booted: string;
  /** What the system profile points to. */
  profileSystem: string;
  /** Number of the profile's generation; 0 where there is none. */
  generation: number;
  bootId: string;
  /** uname -r */
  kernel: string;
  /** When the live system was activated, ISO 8601, UTC; empty where there is none. */
  since: string;
  rebootDue: boolean;
  /** Free space in KiB; undefined where the file system is not there. */
  free: { nix: number | undefined; boot: number | undefined };
  /** The live system's switch-inhibitors file. */
  inhibitors: string | undefined;
  /** A deployment under way, in its own words. */
  busy: Holder | undefined;
  /** The result of the newest deployment, the last line of the machine's history. */
  lastResult: string | undefined;
  /** The newest lines of the machine's history, the oldest first. */
  history: string;
  /** The live system's record, where nixos-fleet deployed it. */
  record: DeploymentRecord | undefined;
}

export interface Holder {
  unit: string;
  by: string;
  since: string;
}

/** Reads what read-machine.sh printed; undefined where the output is not whole. Pure. */
export function parseReading(output: string): MachineReading | undefined {
  const values = new Map<string, string>();
  for (const line of output.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1));
  }
  if (values.get('end') !== 'yes') return undefined;
  const text = (key: string) => values.get(key) ?? '';
  const decoded = (key: string) => {
    const value = values.get(key);
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
  };
  const number = (key: string) => (/^\d+$/.test(text(key)) ? Number(text(key)) : undefined);
  const parts = (name: string): SystemParts | undefined =>
    text(name) === ''
      ? undefined
      : {
          kernel: text(`${name}-kernel`),
          initrd: text(`${name}-initrd`),
          modules: text(`${name}-kernel-modules`),
          params: decoded(`${name}-kernel-params`)?.trim() ?? '',
        };
  const since = number('since');
  const record = decoded('record');
  const container = text('container') === 'yes';
  return {
    machineId: text('machine-id'),
    nixos: text('nixos') === 'yes',
    nix: text('nix') === 'yes',
    container,
    system: text('system'),
    specialisation: text('specialisation'),
    current: text('current'),
    booted: text('booted'),
    profileSystem: text('profile'),
    generation: number('generation') ?? 0,
    bootId: text('boot-id'),
    kernel: text('kernel'),
    since: since === undefined ? '' : new Date(since * 1000).toISOString(),
    rebootDue: rebootDue({
      container,
      booted: parts('booted'),
      current: parts('current'),
      // A specialisation is chosen to run: the system of the next boot is not held against it.
      profile: text('specialisation') ? undefined : parts('profile'),
    }),
    free: { nix: number('free-nix'), boot: number('free-boot') },
    inhibitors: decoded('inhibitors'),
    busy: text('busy') === 'yes' ? parseHolder(decoded('holder')) : undefined,
    lastResult: decoded('result'),
    history: decoded('history') ?? '',
    record: record === undefined ? undefined : parseRecord(record),
  };
}

/** Lines `unit=…`, `by=…`, `since=…` (seconds since 1970). */
export function parseHolder(text = ''): Holder {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  const since = Number(value('since'));
  return {
    unit: value('unit') || 'unknown',
    by: value('by') || 'unknown',
    since: since > 0 ? new Date(since * 1000).toISOString() : 'unknown',
  };
}
