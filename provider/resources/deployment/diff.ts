import { sameValue } from '../../../lib/base/differences.ts';
import { factsChanges } from '../../../lib/evaluation/changes.ts';
import { consequences } from '../../../lib/evaluation/consequences.ts';
import { factsApply, isLive, reached } from '../../../lib/machine/switch/goal.ts';
import type { DeploymentInputs, DeploymentState, LiveState } from '../../../schema/deployment.ts';
import { type HostFacts, parseFacts } from '../../../schema/facts.ts';
import { changesFrom, leafDiff } from '../../diff.ts';
import type { DiffResult, Recorded } from '../../resource.ts';
import { connectionDiff } from '../connection-diff.ts';
import { limitedNote } from './lockout.ts';

/**
 * What a deployment would change: nothing where the machine, at the same place, runs and boots the desired system, whatever
 * else is new in the inputs. Another machine-id is another machine.
 */
export function diffDeployment(
  recorded: Recorded<DeploymentInputs, DeploymentState>,
  desired: DeploymentInputs,
): DiffResult {
  const detailed = {
    ...connectionDiff(recorded.inputs, desired),
    ...(desired.machineId === undefined
      ? {}
      : leafDiff(recorded.id, desired.machineId, { at: ['machineId'], replace: true })),
  };
  const { live } = recorded.state;
  const asBefore = goalParts.every((part) => sameGoalPart(recorded.inputs[part], desired[part]));
  if (live && asBefore) {
    const shownBefore = desired.action === 'dry-activate' && recorded.inputs.action === 'dry-activate';
    if (shownBefore || reached(live, desired))
      return changesFrom({ ...detailed, ...rebootDue(live, desired) });
    // It runs the desired system and boots another one, or the other way round.
    if (isLive(live, desired) || live.profileSystem === desired.system) {
      return changesFrom({ ...detailed, ...liveDiff(live, desired, isLive(live, desired)) });
    }
  }
  // After a failure the state holds what the machine runs, and the inputs what was desired.
  const inputDiff = !live || factsApply(live, recorded.inputs);
  const base: DeploymentInputs = inputDiff ? recorded.inputs : recorded.state;
  // Facts travel as one text, which Pulumi would show whole: the notes name the leaves that differ.
  const goal = Object.assign(
    {},
    ...goalParts.map((part) => leafDiff(base[part], desired[part], { at: [part], inputDiff })),
  );
  const known = Object.keys(goal).length > 0 || !live;
  return changesFrom(
    { ...detailed, ...(known ? goal : liveDiff(live, desired, desired.action === 'boot')) },
    { notes: notes(desired, factsOf(base), live) },
  );
}

/** The desired system against the live one, or against that of the next boot. */
function liveDiff(live: LiveState, desired: DeploymentInputs, next: boolean): DiffResult['detailed'] {
  const leaf = next ? 'profileSystem' : 'system';
  return leafDiff(live[leaf], desired.system, { at: ['live', leaf], inputDiff: false });
}

/** Inputs that decide which system is desired. */
const goalParts = ['system', 'specialisation', 'profile'] as const;

/** States of earlier versions lack the profile. */
function sameGoalPart(recorded: string | undefined, desired: string | undefined): boolean {
  return recorded === undefined || desired === undefined
    ? recorded === desired
    : sameValue(recorded, desired);
}

/** The reboot of a machine for which one is due and allowed. */
function rebootDue(live: LiveState, { reboot, action }: DeploymentInputs): DiffResult['detailed'] {
  const given = (reboot ?? 'never') !== 'never' && (action === 'switch' || action === 'boot');
  return given && live.rebootDue
    ? leafDiff(true, false, { at: ['live', 'rebootDue'], inputDiff: false })
    : {};
}

/** Undefined where they are missing or, in a preview, unknown. */
function factsOf({ facts }: DeploymentInputs): HostFacts | undefined {
  return typeof facts === 'string' ? parseFacts(facts) : undefined;
}

/** Lines for what property paths cannot show. */
function notes(inputs: DeploymentInputs, old: HostFacts | undefined, live: LiveState | undefined): string[] {
  const { host, reboot, action } = inputs;
  const desired = factsOf(inputs);
  if (!desired) return [];
  if (!old) {
    return [
      'facts of the running system are not known: it was not deployed by nixos-fleet, so only its path is compared',
    ];
  }
  const changes = factsChanges(old, desired);
  return [
    ...limitedNote(inputs, old),
    ...consequences(old, desired, {
      reboot,
      action,
      runningKernel: live?.kernel,
      specialisation: inputs.specialisation || live?.specialisation,
    }),
    ...(changes.length > 0 ? [[`facts of ${host}:`, ...changes].join('\n  ')] : []),
  ];
}
