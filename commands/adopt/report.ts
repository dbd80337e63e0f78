import type { FleetError } from '../../lib/base/errors.ts';
import { textTable } from '../../lib/base/table.ts';
import { shortSystem } from '../../lib/machine/record/history.ts';
import { reached } from '../../lib/machine/switch/goal.ts';
import type { StackConfig } from '../../schema/config.ts';
import type { HostEvaluation } from '../../schema/evaluation.ts';
import type { Adoptable, ReadCandidate } from './candidates.ts';

/** What an update writes beside the system. */
type Shared = Pick<StackConfig, 'caches' | 'builders'>;

/** A table of what the machines run, and what the next `pulumi up` would do to each. */
export function adoptionTable(
  candidates: readonly Adoptable[],
  evaluated: Readonly<Record<string, HostEvaluation<FleetError>>>,
  shared: Shared,
): string {
  const rows = candidates.map((each) => {
    const { host, reading } = each;
    const runs = [shortSystem(reading.system), reading.specialisation].filter(Boolean).join(' ');
    const generation = reading.generation === 0 ? '–' : String(reading.generation);
    return [host, runs, generation, deployedBy(each), forecast(each, evaluated[host], shared)];
  });
  return textTable([['host', 'runs', 'generation', 'deployed', 'the next pulumi up'], ...rows]);
}

function deployedBy({ reading: { record } }: Adoptable): string {
  return record ? `by ${record.by}, ${record.at.slice(0, 10)}` : 'by other means';
}

/** What the next `pulumi up` would do to a machine. */
export function forecast(
  { reading, settings }: Pick<Adoptable, 'reading' | 'settings'>,
  evaluated: HostEvaluation<FleetError> | undefined,
  shared: Shared,
): string {
  if (!evaluated?.ok) {
    const [why = 'it was not evaluated'] = (evaluated?.error.message ?? '').split('\n').filter(Boolean);
    return `is not known: ${why}`;
  }
  const { specialisation, action = 'switch', reboot = 'never' } = settings;
  const system = evaluated.outPath;
  const steps: string[] = [];
  if (!reached(reading, { system, specialisation, action })) {
    const target = shortSystem(system);
    steps.push(
      {
        switch: `switches it to ${target}`,
        boot: `makes ${target} the system of its next boot`,
        test: `makes ${target} live until its next boot`,
        'dry-activate': `shows what a switch to ${target} would do`,
      }[action],
    );
  }
  if (reading.rebootDue && reboot !== 'never' && (action === 'switch' || action === 'boot'))
    steps.push('reboots it');
  const secrets = Object.keys(settings.secrets ?? {}).length;
  if (secrets > 0) steps.push(`writes ${secrets === 1 ? 'a secret' : `${secrets} secrets`}`);
  if (Object.keys(shared.caches).length > 0) steps.push('writes the caches into its nix.conf');
  if (settings.builders && Object.keys(shared.builders).length > 0) steps.push('writes its builders');
  return steps.length > 0 ? steps.join(', ') : 'changes nothing';
}

/** The machines that cannot be taken over, each with its reason and what to do. */
export function describeRefusals(candidates: readonly ReadCandidate[]): string {
  const messages = candidates.flatMap((each) => ('refusal' in each ? each.refusal.message : []));
  // Hosts that are one machine have one message.
  return [...new Set(messages)].map((message) => `${message}\n`).join('\n');
}
