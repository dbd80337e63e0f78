import { createHash, randomBytes } from 'node:crypto';
import type { SecretInputs } from '../../../schema/secret.ts';
import { FleetError } from '../../base/errors.ts';
import { wrongMachine } from '../guard.ts';
import type { Reply } from '../script/reply.ts';
import { scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

const script = scriptFile('./secret.sh', import.meta.url);

/** What a machine tells of a secret's file; its content does not travel. */
export interface SecretReading {
  machineId: string;
  /** Undefined where there is no such file. */
  file:
    | { owner: string; group: string; mode: string; content: 'in-place' | 'changed'; restartDue: boolean }
    | undefined;
}

/** The file on its machine. */
export type SecretFile = Omit<SecretInputs, 'host' | 'connection' | 'machineId'>;

/** The bytes that the file is to hold. */
export function contentOf({ value, encoding }: Pick<SecretInputs, 'value' | 'encoding'>): Buffer {
  return Buffer.from(value, encoding === 'base64' ? 'base64' : 'utf8');
}

/**
 * Writes the file where it is not as asked, and restarts its units where the content is new. Returns the machine-id, and
 * why units did not restart: then the file is in place all the same.
 * @param machineId machine-id that the machine must have, if any: nothing is written on another one
 * @throws FleetError secret-failed, wrong-machine, unreachable, host-key, access-denied, cancelled
 */
export async function writeSecret(
  machine: Machine,
  inputs: SecretFile,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<{ machineId: string; restarted: string[]; notRestarted: FleetError | undefined }> {
  const { path, owner, group, mode, restartUnits } = inputs;
  const reply = await work(
    machine,
    {
      action: 'write',
      path,
      owner,
      group,
      permissions: mode,
      units: restartUnits.join('\n'),
      machine_id: machineId ?? '',
      content: contentOf(inputs).toString('base64'),
    },
    signal,
  );
  const found = reply.text('machine-id');
  if (machineId && found && found !== machineId) throw wrongMachine(machine.name, machineId, found);
  if (!reply.flag('written')) throw failed(machine, path, 'could not be written', reply.why());
  const notRestarted = reply.isWhole
    ? undefined
    : failed(machine, path, 'was written, but units that use it are not well', reply.why());
  return { machineId: found, restarted: reply.list('restarted'), notRestarted };
}

/**
 * Reads whether the file is there, whose it is, and whether it holds the value: the machine hashes it with a salt that
 * is new each time.
 * @throws FleetError secret-failed, unreachable, host-key, access-denied, cancelled
 */
export async function readSecret(
  machine: Machine,
  inputs: SecretFile,
  signal?: AbortSignal,
): Promise<SecretReading> {
  const salt = randomBytes(16).toString('hex');
  const reply = await work(machine, { action: 'read', path: inputs.path, salt }, signal);
  if (!reply.isWhole) throw failed(machine, inputs.path, 'could not be read', reply.why());
  const machineId = reply.text('machine-id');
  if (!reply.flag('present')) return { machineId, file: undefined };
  const digest = createHash('sha256').update(salt).update(contentOf(inputs)).digest('hex');
  const byNumber = (asked: string) => /^\d+$/.test(asked);
  return {
    machineId,
    file: {
      owner: reply.text(byNumber(inputs.owner) ? 'owner-id' : 'owner'),
      group: reply.text(byNumber(inputs.group) ? 'group-id' : 'group'),
      mode: reply.text('mode').padStart(4, '0'),
      content: reply.text('digest') === digest ? 'in-place' : 'changed',
      restartDue: reply.flag('restart-due'),
    },
  };
}

/**
 * Removes the file, if it is there; on another machine than the one meant, nothing. Returns the machine-id that was met.
 * @throws FleetError secret-failed, unreachable, host-key, access-denied, cancelled
 */
export async function removeSecret(
  machine: Machine,
  path: string,
  machineId: string,
  signal?: AbortSignal,
): Promise<string> {
  const variables = { action: 'remove', path, machine_id: machineId };
  const reply = await work(machine, variables, signal);
  const found = reply.text('machine-id');
  if (reply.isWhole || (found && found !== machineId)) return found;
  throw failed(machine, path, 'could not be removed', reply.why());
}

async function work(
  machine: Machine,
  variables: Record<string, string>,
  signal?: AbortSignal,
): Promise<Reply> {
  const redact = variables.content ? [variables.content] : [];
  return await runScript(machine, script, { variables, signal, timeoutSeconds: 180, redact });
}

function failed({ name: host }: Machine, path: string, what: string, why: string): FleetError {
  return new FleetError({
    code: 'secret-failed',
    what: `the secret ${path} ${what}`,
    host,
    why,
    fix: why.startsWith('there is no user')
      ? 'A user or group that the new system brings is not there before it: set when to after, or give a number.'
      : why.startsWith('did not restart')
        ? 'Look at them with: journalctl -u <unit>. The next up restarts them again.'
        : 'Look at the folder on the machine: does it exist, is there room, is it read-only?',
  });
}
