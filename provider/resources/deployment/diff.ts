import { isPlainObject } from '../../../lib/base/differences.ts';
import { factsChanges } from '../../../lib/evaluation/changes.ts';
import { consequences } from '../../../lib/evaluation/consequences.ts';
import { isLive, isTrueOf, reached } from '../../../lib/machine/switch/goal.ts';
import type { DeploymentInputs, DeploymentState, LiveState } from '../../../schema/deployment.ts';
import { type HostFacts, parseFacts } from '../../../schema/facts.ts';
import { changesFrom, leafDiff, sameValue } from '../../diff.ts';
import type { DiffResult, Recorded } from '../../resource.ts';

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
  const asBefore = goalParts.every((part) => sameGoalPart(recorded.inputs[part], asked[part]));
  if (live && asBefore) {
    const shownBefore = asked.action === 'dry-activate' && recorded.inputs.action === 'dry-activate';
    if (shownBefore || reached(live, asked)) return changesFrom({ ...detailed, ...rebootDue(live, asked) });
    // It runs what is asked for, and boots something else; or the other way round.
    if (isLive(live, asked) || live.profileSystem === asked.system) {
      return changesFrom({ ...detailed, ...liveDiff(live, asked, isLive(live, asked)) });
    }
  }
  // After a failure the state tells what the machine runs, and the inputs what was asked.
  const inputDiff = !live || isTrueOf(live, recorded.inputs);
  const base: DeploymentInputs = inputDiff ? recorded.inputs : recorded.state;
  // Facts travel as one text, which Pulumi would show whole: the notes name the leaves that differ.
  const goal = Object.assign(
    {},
    ...goalParts.map((part) => leafDiff(base[part], asked[part], { at: [part], inputDiff })),
  );
  const known = Object.keys(goal).length > 0 || !live;
  return changesFrom(
    { ...detailed, ...(known ? goal : liveDiff(live, asked, asked.action === 'boot')) },
    { notes: notes(asked, factsOf(base), factsOf(asked), live?.kernel) },
  );
}

/** The asked system against the live one, or against that of the next boot. */
function liveDiff(live: LiveState, asked: DeploymentInputs, next: boolean): DiffResult['detailed'] {
  const leaf = next ? 'profileSystem' : 'system';
  return leafDiff(live[leaf], asked.system, { at: ['live', leaf], inputDiff: false });
}

/** What of the inputs says which system is asked for. */
const goalParts = ['system', 'specialisation', 'profile'] as const;

/** A state that an earlier version wrote lacks the profile. */
function sameGoalPart(recorded: string | undefined, asked: string | undefined): boolean {
  return recorded === undefined || asked === undefined ? recorded === asked : sameValue(recorded, asked);
}

/** A machine that waits for a reboot, and shall be given it. */
function rebootDue(live: LiveState, { reboot, action }: DeploymentInputs): DiffResult['detailed'] {
  const given = (reboot ?? 'never') !== 'never' && (action === 'switch' || action === 'boot');
  return given && live.rebootDue
    ? leafDiff(true, false, { at: ['live', 'rebootDue'], inputDiff: false })
    : {};
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
  { host, reboot }: DeploymentInputs,
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
    ...consequences(old, asked, { reboot, runningKernel }),
    ...(changes.length > 0 ? [[`facts of ${host}:`, ...changes].join('\n  ')] : []),
  ];
}
