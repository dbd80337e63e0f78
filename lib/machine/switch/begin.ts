import { FleetError } from '../../base/errors.ts';
import { inProgress, wrongMachine } from '../guard.ts';
import { parseHolder } from '../parse-reading.ts';
import type { DeploymentRecord } from '../record/record.ts';
import type { Reply } from '../script/reply.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';
import { changedInhibitors } from './inhibitors.ts';
import { type Parameters, startScript, startVariables } from './start-script.ts';

/**
 * Checks on the machine what can be checked before anything changes, and starts the supervisor's unit.
 * @throws FleetError wrong-machine, deployment-in-progress, no-room, activation-failed (inhibited), command-failed
 */
export async function begin(
  machine: Machine,
  parameters: Parameters,
  record: DeploymentRecord,
  signal?: AbortSignal,
): Promise<void> {
  const variables = startVariables(parameters, record);
  const reply = await runScript(machine, startScript, { variables, signal });
  if (reply.text('state') !== 'started') throw explainRefusedSwitch(parameters, reply);
}

/** Why the start script did not start the supervisor. */
export function explainRefusedSwitch(parameters: Parameters, reply: Reply): FleetError {
  const { host, system } = parameters;
  switch (reply.text('state')) {
    case 'wrong-machine':
      return wrongMachine(host, parameters.machineId, reply.text('found'));
    case 'busy':
      return inProgress(host, parseHolder(reply));
    case 'missing':
      return new FleetError({
        code: 'copy-failed',
        what: 'the system to run is not a NixOS system in the machine’s store',
        host,
        why: `there is no ${reply.text('path') || system}/bin/switch-to-configuration`,
        fix: parameters.specialisation
          ? 'Check that `system` is the store path of a toplevel, and that it has this specialisation.'
          : 'Check that `system` is the store path of a toplevel.',
      });
    case 'corrupted':
      return new FleetError({
        code: 'copy-failed',
        what: 'the system in the machine’s store is not what was copied there',
        host,
        why: `${system} does not have the contents that it is registered with\nnothing was changed on the machine`,
        fix: `Is the machine’s disk sound? \`nix-store --verify --check-contents\` looks at its whole store, \`nix-store --repair-path ${system}\` mends the path where a cache has it.`,
      });
    case 'inhibited': {
      const changed = changedInhibitors(reply.decoded('old') ?? '', reply.decoded('new') ?? '');
      return new FleetError({
        code: 'activation-failed',
        what: 'the new system must not be switched to while the machine runs',
        host,
        why: `switch inhibitors changed: ${changed.join(', ') || 'unknown'}`,
        fix: 'Set reboot: when-needed for this machine, and it is booted instead; or action: boot, and reboot it yourself.',
      });
    }
    case 'no-room':
      return new FleetError({
        code: 'no-room',
        what: `too little room in ${reply.text('place')}`,
        host,
        why: `${reply.text('free')} KiB are free, ${reply.text('need')} KiB are needed`,
        fix:
          reply.text('place') === '/boot'
            ? 'Remove old generations on the machine: nix-collect-garbage -d, then switch-to-configuration boot'
            : 'Remove old generations on the machine: nix-collect-garbage --delete-older-than 30d',
      });
    default:
      return new FleetError({
        code: 'command-failed',
        what: 'the deployment could not be started on the machine',
        host,
        why: reply.why('state'),
        fix: 'Look at the machine’s journal. Nothing was switched.',
      });
  }
}
