import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SecretInputs } from '../../../schema/secret.ts';
import { FleetError } from '../../base/errors.ts';
import { wrongMachine } from '../guard.ts';
import { shellVariables } from '../ssh/quote.ts';
import { runOnMachine } from '../ssh/run.ts';

const script = readFileSync(new URL('./secret.sh', import.meta.url), 'utf8');

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
  const answer = await work(
    inputs,
    {
      mode_of_work: 'write',
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
  const found = answer.value('machine-id');
  if (machineId && found !== machineId) throw wrongMachine(inputs.host, machineId, found);
  if (!answer.value('written')) throw failed(inputs, 'could not be written', answer.why);
  const notRestarted = answer.whole
    ? undefined
    : failed(inputs, 'was written, but units that use it are not well', answer.why);
  return { machineId: found, restarted: answer.all('restarted'), notRestarted };
}

/**
 * Reads whether the file is there, whose it is, and whether it holds the value: the machine hashes it with a salt that
 * is new each time.
 * @throws FleetError secret-failed, unreachable, host-key, access-denied, cancelled
 */
export async function readSecret(inputs: SecretInputs, signal?: AbortSignal): Promise<SecretReading> {
  const salt = randomBytes(16).toString('hex');
  const answer = await work(inputs, { mode_of_work: 'read', path: inputs.path, salt }, signal);
  if (!answer.whole) throw failed(inputs, 'could not be read', answer.why);
  const { value } = answer;
  const machineId = value('machine-id');
  if (value('present') !== 'yes') return { machineId, file: undefined };
  const digest = createHash('sha256').update(salt).update(contentOf(inputs)).digest('hex');
  const byNumber = (asked: string) => /^\d+$/.test(asked);
  return {
    machineId,
    file: {
      owner: value(byNumber(inputs.owner) ? 'owner-id' : 'owner'),
      group: value(byNumber(inputs.group) ? 'group-id' : 'group'),
      mode: value('mode').padStart(4, '0'),
      content: value('digest') === digest ? 'in-place' : 'changed',
      restartDue: value('restart-due') === 'yes',
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
  const variables = { mode_of_work: 'remove', path: inputs.path, machine_id: machineId };
  const answer = await work(inputs, variables, signal);
  const found = answer.value('machine-id');
  if (answer.whole || (found && found !== machineId)) return found;
  throw failed(inputs, 'could not be removed', answer.why);
}

type Place = Pick<SecretInputs, 'host' | 'connection' | 'path'>;

async function work({ host, connection }: Place, variables: Record<string, string>, signal?: AbortSignal) {
  const { stdout, stderr } = await runOnMachine(connection, host, shellVariables(variables) + script, {
    signal,
    timeoutSeconds: 180,
    redact: variables.content ? [variables.content] : [],
  });
  const all = (key: string) =>
    stdout
      .split('\n')
      .filter((line) => line.startsWith(`${key}=`))
      .map((line) => line.slice(key.length + 1));
  const value = (key: string) => all(key)[0] ?? '';
  return {
    all,
    value,
    whole: value('end') === 'yes',
    why: value('failed') || stderr.trim() || 'the connection ended',
  };
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
