import type { DeploymentInputs } from '../../schema/deployment.ts';
import type { HostFacts } from '../../schema/facts.ts';
import { differences, sameValue } from '../base/differences.ts';

export interface Circumstances {
  /** The machine's setting; `never` where it has none. */
  reboot?: DeploymentInputs['reboot'] | undefined;
  /** What the machine said that it runs (uname -r), where it was asked. */
  runningKernel?: string | undefined;
}

/** What going from one system to another means for a machine that runs: a reboot, or a switch that will be refused. */
export function consequences(
  old: HostFacts,
  asked: HostFacts,
  { reboot = 'never', runningKernel }: Circumstances = {},
): string[] {
  const due = reboot === 'never' ? 'reboot due after this' : 'the machine will be rebooted';
  return [
    ...whyReboot(old, asked, runningKernel).map((why) => `${due}: ${why}`),
    ...inhibitorNote(old, asked, reboot),
  ];
}

/** What keeps a running machine from being switched to the system. */
function inhibitorNote(old: HostFacts, asked: HostFacts, reboot: DeploymentInputs['reboot']): string[] {
  const changed = differences(old.inhibitors, asked.inhibitors).map(({ path }) => path.join('.'));
  if (changed.length === 0) return [];
  const what = `switch inhibitors change (${changed.join(', ')})`;
  return [
    reboot === 'never'
      ? `the switch will be refused: ${what}; set reboot: when-needed, or action: boot`
      : `not switched to but rebooted into: ${what}`,
  ];
}

/** Why a reboot will be due, where the facts tell. */
function whyReboot(old: HostFacts, asked: HostFacts, runningKernel: string | undefined): string[] {
  if (asked.container) return [];
  if (old.kernel?.version !== asked.kernel.version) {
    return [`kernel ${runningKernel ?? old.kernel?.version} → ${asked.kernel.version}`];
  }
  if (old.kernel.build !== '' && asked.kernel.build !== '' && old.kernel.build !== asked.kernel.build) {
    return [`kernel ${asked.kernel.version} is another build (its symbols, patches or compiler)`];
  }
  const parts = { params: 'kernel parameters', initrdModules: 'initrd modules' } as const;
  const changed = (Object.keys(parts) as (keyof typeof parts)[]).filter(
    (part) => !sameValue(old.kernel[part], asked.kernel[part]),
  );
  return changed.length === 0 ? [] : [`${changed.map((part) => parts[part]).join(' and ')} change`];
}
