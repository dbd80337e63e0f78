import { createHash, randomBytes } from 'node:crypto';
import type { SecretInputs } from '../../../schema/secret.ts';
import { FleetError, isFailure } from '../../base/errors.ts';
import { wrongMachine } from '../guard.ts';
import {
  type Owner,
  type Ownership,
  ownedByOther,
  ownershipScript,
  ownershipVariables,
  parseOwner,
} from '../ownership/ownership.ts';
import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

const script = ownershipScript + scriptFile('./secret.sh', import.meta.url);

/** A secret's file on a machine, without its content. */
export interface SecretReading {
  machineId: string;
  /** Undefined if there is no such file. */
  file:
    | { owner: string; group: string; mode: string; content: 'in-place' | 'changed'; restartDue: boolean }
    | undefined;
}

/** The inputs that describe the file. */
export type SecretFile = Omit<SecretInputs, 'host' | 'connection' | 'machineId' | 'takeOverFrom' | 'when'>;

/** The desired content in bytes. */
export function contentOf({ value, encoding }: Pick<SecretInputs, 'value' | 'encoding'>): Buffer {
  return Buffer.from(value, encoding === 'base64' ? 'base64' : 'utf8');
}

/** Time for the files themselves, and for a unit to stop and start. */
export const secretLimits = { fileSeconds: 60, unitSeconds: 180 };

/** Whether a text is base64 with its padding, in one line or several: a decoder would pass over anything else. */
export function isBase64(text: string): boolean {
  const whole = text.replaceAll(/\s/g, '');
  return whole !== '' && whole.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(whole);
}

/**
 * Writes the file, and restarts its units if the content changed. Returns the machine-id, the restarted units, and an error if
 * units did not restart; the file is written in that case too.
 * @param machineId expected machine-id; nothing is written on another machine
 * @throws FleetError secret-failed, wrong-machine, owned-by-other, unreachable, host-key, access-denied, cancelled
 */
export async function writeSecret(
  machine: Machine,
  inputs: SecretFile,
  ownership: Ownership,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<{ machineId: string; restarted: string[]; notRestarted: FleetError | undefined }> {
  const { path, owner: user, group, mode, restartUnits: units } = inputs;
  const reply = await runAction(
    machine,
    {
      ...ownershipVariables(ownership),
      action: 'write',
      path,
      owner: user,
      group,
      permissions: mode,
      units: units.join('\n'),
      machine_id: machineId ?? '',
      content: contentOf(inputs).toString('base64'),
    },
    signal,
  );
  const found = reply.text('machine-id');
  if (machineId && found && found !== machineId) throw wrongMachine(machine.name, machineId, found);
  const owner = parseOwner(reply);
  if (owner) throw ownedByOther(machine.name, path, owner);
  if (!reply.flag('written'))
    throw secretFailed(machine, `secret ${path}`, 'could not be written', reply.why());
  if (!reply.flag('restart-due')) return { machineId: found, restarted: [], notRestarted: undefined };
  return { machineId: found, ...(await restartUnits(machine, path, units, found, signal)) };
}

/** The file is written by now, whatever becomes of its units. */
async function restartUnits(
  machine: Machine,
  path: string,
  units: readonly string[],
  machineId: string,
  signal?: AbortSignal,
): Promise<{ restarted: string[]; notRestarted: FleetError | undefined }> {
  const what = 'was written, but units that use it did not restart';
  const variables = { action: 'restart', path, units: units.join('\n'), machine_id: machineId };
  const timeoutSeconds = secretLimits.fileSeconds + units.length * secretLimits.unitSeconds;
  try {
    const reply = await runAction(machine, variables, signal, timeoutSeconds);
    const notRestarted = reply.isWhole
      ? undefined
      : secretFailed(machine, `secret ${path}`, what, reply.why());
    return { restarted: reply.list('restarted'), notRestarted };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return {
      restarted: [],
      notRestarted: secretFailed(machine, `secret ${path}`, what, error.why ?? error.message),
    };
  }
}

/**
 * Reads whether the file exists, its owner and mode, and whether it has the desired content, which is compared by a salted
 * hash. The salt is new for each call.
 * @throws FleetError secret-failed, unreachable, host-key, access-denied, cancelled
 */
export async function readSecret(
  machine: Machine,
  inputs: SecretFile,
  signal?: AbortSignal,
): Promise<SecretReading> {
  const salt = randomBytes(16).toString('hex');
  const reply = await runAction(machine, { action: 'read', path: inputs.path, salt }, signal);
  if (!reply.isWhole) throw secretFailed(machine, `secret ${inputs.path}`, 'could not be read', reply.why());
  const machineId = reply.text('machine-id');
  if (!reply.flag('present')) return { machineId, file: undefined };
  const digest = createHash('sha256').update(salt).update(contentOf(inputs)).digest('hex');
  const isNumeric = (id: string) => /^\d+$/.test(id);
  return {
    machineId,
    file: {
      owner: reply.text(isNumeric(inputs.owner) ? 'owner-id' : 'owner'),
      group: reply.text(isNumeric(inputs.group) ? 'group-id' : 'group'),
      mode: reply.text('mode').padStart(4, '0'),
      content: reply.text('digest') === digest ? 'in-place' : 'changed',
      restartDue: reply.flag('restart-due'),
    },
  };
}

/**
 * Removes the file, if it exists. Removes nothing on a machine with another machine-id, and nothing that another resource has
 * written since. Returns the machine-id found, and the other owner.
 * @throws FleetError secret-failed, unreachable, host-key, access-denied, cancelled
 */
export async function removeSecret(
  machine: Machine,
  path: string,
  ownership: Ownership,
  machineId: string,
  signal?: AbortSignal,
): Promise<{ machineId: string; owner?: Owner | undefined }> {
  const variables = { ...ownershipVariables(ownership), action: 'remove', path, machine_id: machineId };
  const reply = await runAction(machine, variables, signal);
  const found = reply.text('machine-id');
  if (reply.isWhole || (machineId && found && found !== machineId))
    return { machineId: found, owner: parseOwner(reply) };
  throw secretFailed(machine, `secret ${path}`, 'could not be removed', reply.why());
}

async function runAction(
  machine: Machine,
  variables: Record<string, string>,
  signal?: AbortSignal,
  timeoutSeconds = secretLimits.fileSeconds,
): Promise<Reply> {
  const redact = variables.content ? [variables.content] : [];
  return await runScript(machine, script, { variables, signal, timeoutSeconds, redact });
}

/** What happened to a secret, or to the secrets, of a machine. */
export function secretFailed(
  { name: host }: Machine,
  secrets: string,
  what: string,
  why: string,
): FleetError {
  return new FleetError({
    code: 'secret-failed',
    what: `the ${secrets} ${what}`,
    host,
    why,
    fix: why.startsWith('there is no user')
      ? 'A user or group of the new system does not exist before the switch: set when: after, or use a numeric id.'
      : why.startsWith('did not restart')
        ? 'Look at their logs: journalctl -u <unit>. The next `pulumi up` restarts them again.'
        : 'Check the folder on the machine: does it exist, is there free space, is it writable?',
  });
}
