import { FleetError } from '../../base/errors.ts';
import { isNoAnswer } from '../follow/situations.ts';
import { driftedMeanwhile, inProgress, wrongMachine } from '../guard.ts';
import { ownedByOther, parseOwner } from '../ownership/ownership.ts';
import { parseHolder } from '../parse-reading.ts';
import type { DeploymentRecord } from '../record/record.ts';
import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { type RunScriptOptions, runScript } from '../ssh/run-script.ts';
import { followScript, followVariables, newsIn, type Progress, parseProgress } from './follow-script.ts';
import { type SwitchParameters, startScript, startVariables } from './start-script.ts';
import type { SwitchOutput } from './switch-output.ts';

const claimScript = scriptFile('./claim.sh', import.meta.url);

/** What is known of a supervisor after its start. */
export interface Begun {
  /** Why it is not known whether it has started: the connection was lost, or systemd did not reply. */
  startDoubt?: FleetError;
  /** Its last news, if it was followed. */
  progress?: Progress | undefined;
}

/**
 * Runs the checks that precede any change on the machine, then starts the supervisor's unit, and follows it if `follow` is given.
 * @throws FleetError wrong-machine, owned-by-other, drifted, deployment-in-progress, no-room, activation-failed (inhibited), command-failed
 */
export async function begin(
  machine: Machine,
  parameters: SwitchParameters,
  record: DeploymentRecord,
  { follow, signal }: { follow?: SwitchOutput; signal?: AbortSignal | undefined },
): Promise<Begun> {
  const [script, followed] = follow
    ? [startScript + followScript, followVariables(parameters.unit, follow)]
    : [startScript, {}];
  const variables = { ...startVariables(parameters, record), ...followed };
  const onStdoutLine = follow && newsIn((news) => follow.add(news));
  const reply = await runScript(machine, script, { variables, onStdoutLine, signal }).catch(
    (error: unknown) => {
      if (isNoAnswer(error)) return error;
      throw error;
    },
  );
  if (reply instanceof FleetError) return { startDoubt: reply };
  if (reply.text('state') === 'started') return { progress: parseProgress(reply) };
  const refusal = explainRefusedSwitch(parameters, reply);
  if (exitCodesOfRefusals.includes(reply.exitCode)) throw refusal;
  return { startDoubt: refusal };
}

/** Exit codes with which the start script ends before it calls systemd-run. */
const exitCodesOfRefusals: readonly number[] = [3, 4];

/**
 * Makes sure that a switch has started, or never will: claims its folder on the machine. Rejects a started one for a reason, if given.
 * @throws FleetError unreachable, access-denied, host-key, cancelled
 */
export async function claim(
  machine: Machine,
  unit: string,
  { reason = '', ...options }: RunScriptOptions & { reason?: string } = {},
): Promise<'started' | 'not-started'> {
  const reply = await runScript(machine, claimScript, { ...options, variables: { unit, reason } });
  const state = reply.text('state');
  if (reply.isWhole && (state === 'started' || state === 'not-started')) return state;
  throw reply.error({
    code: 'unreachable',
    what: 'the machine did not report whether the switch has started',
  });
}

/** Why the start script did not start the supervisor. */
export function explainRefusedSwitch(parameters: SwitchParameters, reply: Reply): FleetError {
  const { host, system } = parameters;
  const owner = parseOwner(reply);
  if (owner) return ownedByOther(host, 'the machine', owner);
  switch (reply.text('state')) {
    case 'wrong-machine':
      return wrongMachine(host, parameters.machineId, reply.text('found'));
    case 'drifted':
      return driftedMeanwhile(host, parameters.expectedLive, reply.text('found'));
    case 'busy':
      return inProgress(host, parseHolder(reply));
    case 'missing':
      return new FleetError({
        code: 'copy-failed',
        what: 'the machine’s store does not have this NixOS system',
        host,
        why: `${reply.text('path') || system}/bin/switch-to-configuration does not exist`,
        fix: parameters.specialisation
          ? 'Check that `system` is the store path of a toplevel, and that it has this specialisation.'
          : 'Check that `system` is the store path of a toplevel.',
      });
    case 'corrupted':
      return new FleetError({
        code: 'copy-failed',
        what: 'the system is corrupted in the machine’s store',
        host,
        why: `the contents of ${system} do not match their registered hash\nnothing was changed on the machine`,
        fix: `Check the machine’s disk. \`nix-store --verify --check-contents\` checks its whole store, \`nix-store --repair-path ${system}\` repairs the path from a cache that has it.`,
      });
    case 'inhibited':
      return new FleetError({
        code: 'activation-failed',
        what: 'the new system refuses a switch without a reboot',
        host,
        why: `switch inhibitors changed: ${reply.text('changed').trim().split(' ').join(', ')}`,
        fix: 'Set reboot: when-needed to boot the system instead, or set action: boot and reboot the machine yourself.',
      });
    case 'no-room':
      return new FleetError({
        code: 'no-room',
        what: `too little free space in ${reply.text('place')}`,
        host,
        why: `${reply.text('free')} KiB are free, ${reply.text('need')} KiB are needed`,
        fix: roomFix(reply.text('place')),
      });
    default:
      return new FleetError({
        code: 'command-failed',
        what: 'the switch could not be started on the machine',
        host,
        why: reply.why('state'),
        fix: 'Nothing was switched. Check the machine’s journal.',
      });
  }
}

/** How room is made in a place: only /nix is filled by old systems. */
function roomFix(place: string): string {
  switch (place) {
    case '/boot':
      return 'Remove old generations on the machine: nix-collect-garbage -d, then switch-to-configuration boot';
    case '/nix':
      return 'Remove old generations on the machine: nix-collect-garbage --delete-older-than 30d';
    case '/run':
      return 'It is in memory: find what fills it on the machine (du -xsh /run/*), and remove that or restart its service.';
    default:
      return `Find what fills its file system on the machine (du -xh ${place} | sort -h | tail); logs are shortened by journalctl --vacuum-size=200M`;
  }
}
