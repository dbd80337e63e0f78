import type { Phase } from '../../schema/run-event.ts';

/** Phases at the beginning of work on a resource of a machine. */
const initial: Readonly<Record<string, Phase>> = {
  'nixos:index:LabMachine': 'starting',
  'nixos:index:VirtualMachine': 'starting',
  'nixos:index:System': 'building',
  'nixos:index:DiskInstall': 'installing',
  'nixos:index:Rehearsal': 'checking',
  'nixos:index:CachePush': 'delivering',
  'nixos:index:Delivery': 'delivering',
  'nixos:index:Deployment': 'reading',
};

/** Phases that begin with a status line of a deployment or a build; any other line is of the phase that lasts. */
const beginnings: readonly (readonly [RegExp, Phase])[] = [
  [/^building\b/, 'building'],
  [/^waiting for its turn\b/, 'waiting'],
  [/^(copying|fetching|querying the machine’s caches)\b/, 'delivering'],
  [/^checking the new system/, 'checking'],
  [/^(starting the switch|activating the new system)/, 'switching'],
  [/^(active; (confirming|waiting)|not confirmed yet|confirmed;)/, 'confirming'],
  [
    /^(rebooting|back after the reboot|not back in time|the request to reboot|waiting for the machine:)/,
    'rebooting',
  ],
  [/^failed; rolling back|^nixos-fleet: rolling back/, 'rolling-back'],
  [/^removing old generations/, 'cleaning-up'],
];

/** @param type of the resource that is worked on */
export function initialPhase(type: string): Phase {
  return initial[type] ?? 'working';
}

/** The phase that a status line begins; undefined for a line of the phase that lasts. */
export function phaseOf(status: string): Phase | undefined {
  return beginnings.find(([pattern]) => pattern.test(status))?.[1];
}
