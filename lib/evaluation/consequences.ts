import type { DeploymentInputs } from '../../schema/deployment.ts';
import type { HostFacts } from '../../schema/facts.ts';
import { differences, sameValue } from '../base/differences.ts';

export interface ConsequenceOptions {
  /** The machine's setting. @default 'never' */
  reboot?: DeploymentInputs['reboot'] | undefined;
  /** The running kernel (uname -r), if it is known. */
  runningKernel?: string | undefined;
}

/** What a change of the system means for a running machine: a reboot, or a switch that will be refused. */
export function consequences(
  old: HostFacts,
  desired: HostFacts,
  { reboot = 'never', runningKernel }: ConsequenceOptions = {},
): string[] {
  const due = reboot === 'never' ? 'reboot due after this' : 'the machine will be rebooted';
  return [
    ...whyReboot(old, desired, runningKernel).map((why) => `${due}: ${why}`),
    ...inhibitorNote(old, desired, reboot),
  ];
}

/** Whether switch inhibitors prevent a switch to the system. */
function inhibitorNote(old: HostFacts, desired: HostFacts, reboot: DeploymentInputs['reboot']): string[] {
  const changed = differences(old.inhibitors, desired.inhibitors).map(({ path }) => path.join('.'));
  if (changed.length === 0) return [];
  const what = `switch inhibitors change (${changed.join(', ')})`;
  return [
    reboot === 'never'
      ? `the switch will be refused: ${what}; set reboot: when-needed, or action: boot`
      : `the machine will be rebooted instead of switched: ${what}`,
  ];
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
