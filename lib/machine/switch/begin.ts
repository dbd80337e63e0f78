import type { Connection } from '../../../schema/connection.ts';
import { FleetError } from '../../base/errors.ts';
import { inProgress, wrongMachine } from '../guard.ts';
import { parseHolder } from '../parse-reading.ts';
import type { DeploymentRecord } from '../record/record.ts';
import { runOnMachine } from '../ssh/run.ts';
import { changedInhibitors } from './inhibitors.ts';
import { type Parameters, startScript } from './start-script.ts';

/**
 * Checks on the machine what can be checked before anything changes, and starts the supervisor's unit.
 * @throws FleetError wrong-machine, deployment-in-progress, no-room, activation-failed (inhibited), command-failed
 */
export async function begin(
  connection: Connection,
  parameters: Parameters,
  record: DeploymentRecord,
  signal?: AbortSignal,
): Promise<void> {
  const { host } = parameters;
  const result = await runOnMachine(connection, host, startScript(parameters, record), { signal });
  if (/^state=started$/m.test(result.stdout)) return;
  throw explainRefusal(parameters, result.stdout, result.stderr || `exit code ${result.exitCode}`);
}

/** Why the start script did not start the supervisor. Pure. */
export function explainRefusal(parameters: Parameters, stdout: string, stderr: string): FleetError {
  const { host, system } = parameters;
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1] ?? '';
  switch (value('state')) {
    case 'wrong-machine':
      return wrongMachine(host, parameters.machineId, value('found'));
    case 'busy':
      return inProgress(host, parseHolder(stdout));
    case 'missing':
      return new FleetError({
        code: 'copy-failed',
        what: 'the system to run is not a NixOS system in the machine’s store',
        host,
        why: `there is no ${value('path') || system}/bin/switch-to-configuration`,
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
      const decode = (key: string) => Buffer.from(value(key), 'base64').toString('utf8');
      return new FleetError({
        code: 'activation-failed',
        what: 'the new system must not be switched to while the machine runs',
        host,
        why: `switch inhibitors changed: ${changedInhibitors(decode('old'), decode('new')).join(', ') || 'unknown'}`,
        fix: 'Set reboot: when-needed for this machine, and it is booted instead; or action: boot, and reboot it yourself.',
      });
    }
    case 'no-room':
      return new FleetError({
        code: 'no-room',
        what: `too little room in ${value('place')}`,
        host,
        why: `${value('free')} KiB are free, ${value('need')} KiB are needed`,
        fix:
          value('place') === '/boot'
            ? 'Remove old generations on the machine: nix-collect-garbage -d, then switch-to-configuration boot'
            : 'Remove old generations on the machine: nix-collect-garbage --delete-older-than 30d',
      });
    default:
      return new FleetError({
        code: 'command-failed',
        what: 'the deployment could not be started on the machine',
        host,
        why: stderr,
        fix: 'Look at the machine’s journal. Nothing was switched.',
      });
  }
}
