import type { DeploymentInputs } from '../../schema/deployment.ts';
import type { HostFacts } from '../../schema/facts.ts';
import { differences, sameValue } from '../base/differences.ts';
import { describePrediction } from './prediction/describe.ts';
import { predictSwitch } from './prediction/predict.ts';

export interface ConsequenceOptions {
  /** The machine's setting. @default 'never' */
  reboot?: DeploymentInputs['reboot'] | undefined;
  /** The running kernel (uname -r), if it is known. */
  runningKernel?: string | undefined;
  /** The machine's setting. @default 'switch' */
  action?: DeploymentInputs['action'] | undefined;
  /** The specialisation that runs, or is desired. */
  specialisation?: string | undefined;
}

/** What a change of the system means for a running machine: a reboot, a switch that is refused, or what a switch restarts. */
export function consequences(
  old: HostFacts,
  desired: HostFacts,
  { reboot = 'never', runningKernel, action = 'switch', specialisation = '' }: ConsequenceOptions = {},
): string[] {
  const due = reboot === 'never' ? 'reboot due after this' : 'the machine will be rebooted';
  const inhibited = inhibitorNote(old, desired, reboot);
  return [
    ...whyReboot(old, desired, runningKernel).map((why) => `${due}: ${why}`),
    ...(inhibited.length > 0 || action === 'boot' ? inhibited : switchNotes(old, desired, specialisation)),
  ];
}

/** Whether switch inhibitors prevent a switch to the system. One that only one system has prevents nothing, as in NixOS. */
function inhibitorNote(old: HostFacts, desired: HostFacts, reboot: DeploymentInputs['reboot']): string[] {
  const changed = differences(old.inhibitors, desired.inhibitors)
    .filter(({ kind }) => kind === 'update')
    .map(({ path }) => path.join('.'));
  if (changed.length === 0) return [];
  const what = `switch inhibitors change (${changed.join(', ')})`;
  return [
    reboot === 'never'
      ? `the switch will be refused: ${what}; set reboot: when-needed, or action: boot`
      : `the machine will be rebooted instead of switched: ${what}`,
  ];
}

/**
 * What a switch does to what runs. Facts of an earlier version have no units as a switch compares them: only what nearly always
 * goes with a change of nixpkgs or of packages is known.
 */
function switchNotes(old: HostFacts, desired: HostFacts, specialisation: string): string[] {
  const [before, after] = [old.switching, desired.switching];
  if (!before || !after) {
    return [
      ...guessedNotes(old, desired),
      before
        ? 'not predicted: which units the switch restarts (those of the new system could not be read)'
        : 'not predicted: which units the switch restarts (an earlier version recorded the running system)',
    ];
  }
  const predicted = predictSwitch(before, after);
  if (!predicted) {
    return [
      ...guessedNotes(old, desired),
      `not predicted: which units the switch restarts (NixOS ${after.release} has other rules)`,
    ];
  }
  const { reexecutes } = predicted;
  const why =
    reexecutes &&
    `the switch re-executes systemd: ${reexecutes === 'systemd' ? systemdChange(old, desired) : 'system.conf changes'}`;
  return [
    ...(why ? [why] : []),
    ...(specialisation
      ? [`not predicted: which units the switch restarts (specialisation ${specialisation})`]
      : describePrediction(predicted)),
  ];
}

function systemdChange(old: HostFacts, desired: HostFacts): string {
  const [before, after] = [old.packages.systemd, desired.packages.systemd];
  const unknown = 'of another package';
  return before === after ? 'another build of it' : `systemd ${before ?? unknown} → ${after ?? unknown}`;
}

/** Names of D-Bus's unit: dbus-broker is one of its two implementations. */
const dbusUnits = ['dbus-broker.service', 'dbus.service'];

/** systemd is re-executed for another systemd or system.conf, which has store paths; D-Bus is reloaded for another set of packages. */
function guessedNotes(old: HostFacts, desired: HostFacts): string[] {
  const [oldRevision, revision] = [nixpkgsRevision(old), nixpkgsRevision(desired)];
  const nixpkgs = oldRevision !== revision ? 'nixpkgs changes' : '';
  const systemd =
    old.packages.systemd !== desired.packages.systemd
      ? systemdChange(old, desired)
      : old.etc['systemd/system.conf'] !== desired.etc['systemd/system.conf']
        ? 'system.conf changes'
        : nixpkgs;
  const packages = sameValue(old.packages, desired.packages) ? nixpkgs : 'packages change';
  const hasDbus = dbusUnits.some((unit) => old.units[unit] && desired.units[unit]?.startsWith('enabled'));
  return [
    ...(systemd ? [`the switch re-executes systemd: ${systemd}`] : []),
    ...(packages && hasDbus ? [`the switch reloads D-Bus: ${packages}`] : []),
  ];
}

/** Date and revision of nixpkgs in a system's label, such as 20260715.abcdef0; with another one nearly all store paths differ. */
function nixpkgsRevision({ nixosLabel }: HostFacts): string {
  return /\d{8}\.[0-9a-f]{7}/.exec(nixosLabel)?.[0] ?? '';
}

/** Why a reboot will be due, as far as the facts show. */
function whyReboot(old: HostFacts, desired: HostFacts, runningKernel: string | undefined): string[] {
  const isUnknown = old.unread?.kernel || desired.unread?.kernel;
  if (desired.container || desired.kernel.version === 'host' || isUnknown) return [];
  if (old.kernel?.version !== desired.kernel.version) {
    return [`kernel ${runningKernel ?? old.kernel?.version} → ${desired.kernel.version}`];
  }
  if (old.kernel.build !== '' && desired.kernel.build !== '' && old.kernel.build !== desired.kernel.build) {
    return [`kernel ${desired.kernel.version} is another build (its symbols, patches or compiler)`];
  }
  const parts = { params: 'kernel parameters', initrdModules: 'initrd modules' } as const;
  const changed = (Object.keys(parts) as (keyof typeof parts)[]).filter(
    (part) => !sameValue(old.kernel[part], desired.kernel[part]),
  );
  return changed.length === 0 ? [] : [`${changed.map((part) => parts[part]).join(' and ')} change`];
}
