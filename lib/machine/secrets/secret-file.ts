import { createHash, randomBytes } from 'node:crypto';
import type { SecretInputs } from '../../../schema/secret.ts';
import { FleetError } from '../../base/errors.ts';
import { wrongMachine } from '../guard.ts';
import type { Reply } from '../script/reply.ts';
import { runScript } from '../script/run-script.ts';
import { scriptFile } from '../script/text.ts';

const script = scriptFile('./secret.sh', import.meta.url);

/** What a machine tells of a secret's file; its content does not travel. */
export interface SecretReading {
  machineId: string;
  /** Undefined where there is no such file. */
  file:
    | { owner: string; group: string; mode: string; content: 'in-place' | 'changed'; restartDue: boolean }
    | undefined;
}

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
  inputs: SecretInputs,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<{ machineId: string; restarted: string[]; notRestarted: FleetError | undefined }> {
  const { path, owner, group, mode, restartUnits } = inputs;
  const reply = await work(
    inputs,
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
  if (machineId && found && found !== machineId) throw wrongMachine(inputs.host, machineId, found);
  if (!reply.flag('written')) throw failed(inputs, 'could not be written', reply.why());
  const notRestarted = reply.isWhole
    ? undefined
    : failed(inputs, 'was written, but units that use it are not well', reply.why());
  return { machineId: found, restarted: reply.list('restarted'), notRestarted };
}

/**
 * Reads whether the file is there, whose it is, and whether it holds the value: the machine hashes it with a salt that
 * is new each time.
 * @throws FleetError secret-failed, unreachable, host-key, access-denied, cancelled
 */
export async function readSecret(inputs: SecretInputs, signal?: AbortSignal): Promise<SecretReading> {
  const salt = randomBytes(16).toString('hex');
  const reply = await work(inputs, { action: 'read', path: inputs.path, salt }, signal);
  if (!reply.isWhole) throw failed(inputs, 'could not be read', reply.why());
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
  inputs: Pick<SecretInputs, 'host' | 'connection' | 'path'>,
  machineId: string,
  signal?: AbortSignal,
): Promise<string> {
  const variables = { action: 'remove', path: inputs.path, machine_id: machineId };
  const reply = await work(inputs, variables, signal);
  const found = reply.text('machine-id');
  if (reply.isWhole || (found && found !== machineId)) return found;
  throw failed(inputs, 'could not be removed', reply.why());
}

type Place = Pick<SecretInputs, 'host' | 'connection' | 'path'>;

async function work(
  { host, connection }: Place,
  variables: Record<string, string>,
  signal?: AbortSignal,
): Promise<Reply> {
  const redact = variables.content ? [variables.content] : [];
  return await runScript(connection, host, script, { variables, signal, timeoutSeconds: 180, redact });
}

function failed({ host, path }: Place, what: string, why: string): FleetError {
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
