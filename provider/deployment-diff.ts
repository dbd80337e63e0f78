import type { DeploymentInputs, DeploymentState } from '../schema/deployment.ts';
import { type HostFacts, parseFacts } from '../schema/facts.ts';
import { changesFrom, leafDiff, sameValue } from './diff.ts';
import { factsChanges } from './facts-changes.ts';
import type { DiffResult, Recorded } from './resource.ts';
import { isPlainObject } from './unknown.ts';

/** Where a machine is; the rest of a connection is how it is entered, which is no change of the machine. */
const places = ['address', 'user', 'port'] as const;

/**
 * What a deployment would change. Nothing, where the machine runs and boots the system asked for at the same place,
 * whatever else is new about the inputs. Another machine-id is another machine.
 */
export function diffDeployment(
  recorded: Recorded<DeploymentInputs, DeploymentState>,
  asked: DeploymentInputs,
): DiffResult {
  const detailed = {
    ...moved(recorded.inputs, asked),
    ...(asked.machineId === undefined
      ? {}
      : leafDiff(recorded.id, asked.machineId, { at: ['machineId'], replace: true })),
  };
  const { live } = recorded.state;
  if (live && sameValue(recorded.inputs.system, asked.system) && sameValue(live.system, asked.system)) {
    const next = leafDiff(live.profileSystem, asked.system, {
      at: ['live', 'profileSystem'],
      inputDiff: false,
    });
    return changesFrom({ ...detailed, ...next });
  }
  // After a failure the state tells what the machine runs, and the inputs what was asked.
  const inputDiff = !live || sameValue(recorded.inputs.system, live.system);
  const base: DeploymentInputs = inputDiff ? recorded.inputs : recorded.state;
  // Facts travel as one text, which Pulumi would show whole: the notes name the leaves that differ.
  const system = leafDiff(base.system, asked.system, { at: ['system'], inputDiff });
  return changesFrom(
    { ...detailed, ...system },
    { notes: notes(asked.host, factsOf(base), factsOf(asked), live?.kernel) },
  );
}

/** Where the machine is to be found elsewhere than before. */
export function moved(
  old: Pick<DeploymentInputs, 'connection'>,
  asked: Pick<DeploymentInputs, 'connection'>,
): DiffResult['detailed'] {
  // Where a machine of this stack is about to be made, its connection is not known: its machine-id decides.
  if (!isPlainObject(asked.connection)) return {};
  return Object.assign(
    {},
    ...places.map((place) =>
      leafDiff(old.connection[place], asked.connection[place], { at: ['connection', place] }),
    ),
  );
}

/** None where they are missing or, in a preview, not known yet. */
function factsOf({ facts }: DeploymentInputs): HostFacts | undefined {
  return typeof facts === 'string' ? parseFacts(facts) : undefined;
}

/** Lines that paths alone cannot say. */
function notes(
  host: string,
  old: HostFacts | undefined,
  asked: HostFacts | undefined,
  runningKernel: string | undefined,
): string[] {
  if (!asked) return [];
  if (!old) {
    return [
      'facts of the running system are not known: it was not deployed by nixos-fleet, so only its path is compared',
    ];
  }
  const changes = factsChanges(old, asked);
  return [
    ...rebootNote(old, asked, runningKernel),
    ...(changes.length > 0 ? [[`facts of ${host}:`, ...changes].join('\n  ')] : []),
  ];
}

function rebootNote(old: HostFacts, asked: HostFacts, runningKernel: string | undefined): string[] {
  if (asked.container) return [];
  if (old.kernel?.version !== asked.kernel.version) {
    return [
      `reboot due after this: kernel ${runningKernel ?? old.kernel?.version} → ${asked.kernel.version}`,
    ];
  }
  const parts = { params: 'kernel parameters', initrdModules: 'initrd modules' } as const;
  const changed = (Object.keys(parts) as (keyof typeof parts)[]).filter(
    (part) => !sameValue(old.kernel[part], asked.kernel[part]),
  );
  return changed.length === 0
    ? []
    : [`reboot due after this: ${changed.map((part) => parts[part]).join(' and ')} change`];
}
