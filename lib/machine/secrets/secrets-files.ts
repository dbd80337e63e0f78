import { createHash, randomBytes } from 'node:crypto';
import type { FleetError } from '../../base/errors.ts';
import { isFailure } from '../../base/errors.ts';
import { wrongMachine } from '../guard.ts';
import {
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
import { contentOf, type SecretFile, secretFailed, secretLimits } from './secret-file.ts';
import { digestCalls, lookCalls, removeCalls, restartCalls, writeCalls } from './secrets-script.ts';

const script = ownershipScript + scriptFile('./secrets.sh', import.meta.url);

/** A secret's file with its value, by the secret's name. */
export type SecretFiles = Readonly<Record<string, SecretFile>>;

/** A secret's file on a machine, without its content. */
interface FoundSecretFile {
  owner: string;
  group: string;
  mode: string;
  content: 'in-place' | 'changed';
}

interface Written {
  machineId: string;
  restarted: string[];
  notRestarted: FleetError | undefined;
  /** Files that stay, as another resource has written them since. */
  kept: KeptFile[];
}

interface KeptFile {
  path: string;
  resource: string;
}

/**
 * Writes files in one stream, removes those at `removed`, and restarts each unit of a file with new content once. Units that did
 * not restart are an error beside the result: the files are written in that case too.
 * @param machineId expected machine-id; nothing is written on another machine
 * @throws FleetError secret-failed, wrong-machine, owned-by-other, unreachable, host-key, access-denied, cancelled
 */
export async function writeSecrets(
  machine: Machine,
  files: SecretFiles,
  removed: readonly string[],
  ownership: Ownership,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<Written> {
  const list = Object.values(files);
  const calls = writeCalls(
    list.map(({ value, encoding, ...file }) => ({ ...file, content: contentOf({ value, encoding }) })),
    removed,
  );
  const redact = list.map(({ value }) => value).filter((value) => value.length > 3);
  const expected = { ownership, machineId };
  const reply = await runCalls(machine, calls, expected, { signal, redact });
  const found = reply.text('machine-id');
  if (machineId && found && found !== machineId) throw wrongMachine(machine.name, machineId, found);
  const owner = parseOwner(reply);
  if (owner) throw ownedByOther(machine.name, reply.text('owned'), owner);
  if (!reply.flag('written')) throw secretFailed(machine, 'secrets', 'could not be written', reply.why());
  const units = reply.flag('restart-due')
    ? await restartUnits(machine, list, { ownership, machineId: found }, signal)
    : { restarted: [], notRestarted: undefined };
  return { machineId: found, kept: keptIn(reply), ...units };
}

/** The files are written by now, whatever becomes of their units. */
async function restartUnits(
  machine: Machine,
  files: readonly SecretFile[],
  expected: Expected,
  signal?: AbortSignal,
): Promise<Pick<Written, 'restarted' | 'notRestarted'>> {
  const what = 'were written, but units that use them did not restart';
  const units = new Set(files.flatMap(({ restartUnits: names }) => names));
  const timeoutSeconds = secretLimits.fileSeconds + (units.size + 1) * secretLimits.unitSeconds;
  try {
    const reply = await runCalls(machine, restartCalls(), expected, { signal, timeoutSeconds });
    const notRestarted = reply.isWhole ? undefined : secretFailed(machine, 'secrets', what, reply.why());
    return { restarted: reply.list('restarted'), notRestarted };
  } catch (error) {
    if (!isFailure(error)) throw error;
    const why = error.why ?? error.message;
    return { restarted: [], notRestarted: secretFailed(machine, 'secrets', what, why) };
  }
}

/**
 * Reads which files exist, their owners and modes, and whether they have the desired contents, which are compared by salted
 * hashes: one of all, and one of each where that differs. The salt is new for each call.
 * @throws FleetError secret-failed, unreachable, host-key, access-denied, cancelled
 */
export async function readSecrets(
  machine: Machine,
  files: SecretFiles,
  claim: string,
  signal?: AbortSignal,
): Promise<{ machineId: string; files: Record<string, FoundSecretFile>; restartDue: boolean }> {
  const salt = randomBytes(16).toString('hex');
  const expected = { ownership: { claim, urn: '' }, machineId: undefined };
  const run = async (calls: string) => {
    const reply = await runCalls(machine, calls, expected, { signal });
    if (!reply.isWhole) throw secretFailed(machine, 'secrets', 'could not be read', reply.why());
    return reply;
  };
  const all = Object.entries(files);
  const paths = all.map(([, { path }]) => path);
  const reply = await run(lookCalls(salt, paths));
  const present = reply.list('there').flatMap((number) => all.slice(Number(number) - 1, Number(number)));
  const statuses = reply.list('file').map((line) => line.split(' '));
  if (present.length !== statuses.length)
    throw secretFailed(machine, 'secrets', 'could not be read', 'files were removed meanwhile');
  const contents = present.map(([, file]) => contentOf(file));
  const digest = (parts: readonly Buffer[]) => {
    const hash = createHash('sha256').update(salt);
    for (const part of parts) hash.update(part);
    return hash.digest('hex');
  };
  const hasSize = (index: number) => Number(statuses[index]?.[5]) === contents[index]?.length;
  const allInPlace = present.every((_, index) => hasSize(index)) && reply.text('digest') === digest(contents);
  const digests =
    allInPlace || present.length === 0
      ? []
      : (
          await run(
            digestCalls(
              salt,
              present.map(([, { path }]) => path),
            ),
          )
        ).list('digest');
  const isNumeric = (id: string) => /^\d+$/.test(id);
  const found = present.map(([name, desired], index): [string, FoundSecretFile] => {
    const [user = '', uid = '', group = '', gid = '', mode = ''] = statuses[index] ?? [];
    const inPlace = allInPlace || digests[index] === digest(contents.slice(index, index + 1));
    return [
      name,
      {
        owner: isNumeric(desired.owner) ? uid : user,
        group: isNumeric(desired.group) ? gid : group,
        mode: mode.padStart(4, '0'),
        content: inPlace ? 'in-place' : 'changed',
      },
    ];
  });
  return {
    machineId: reply.text('machine-id'),
    files: Object.fromEntries(found),
    restartDue: reply.flag('restart-due'),
  };
}

/**
 * Removes files. Removes nothing on a machine with another machine-id, and nothing that another resource has written since.
 * @throws FleetError secret-failed, unreachable, host-key, access-denied, cancelled
 */
export async function removeSecrets(
  machine: Machine,
  paths: readonly string[],
  ownership: Ownership,
  machineId: string,
  signal?: AbortSignal,
): Promise<{ machineId: string; kept: KeptFile[] }> {
  const reply = await runCalls(machine, removeCalls(paths), { ownership, machineId }, { signal });
  const found = reply.text('machine-id');
  if (reply.isWhole || (machineId && found && found !== machineId))
    return { machineId: found, kept: keptIn(reply) };
  throw secretFailed(machine, 'secrets', 'could not be removed', reply.why());
}

function keptIn(reply: Reply): KeptFile[] {
  const resources = reply.list('kept-for');
  return reply.list('kept').map((path, index) => ({ path, resource: resources[index] ?? '' }));
}

interface Expected {
  ownership: Ownership;
  machineId: string | undefined;
}

async function runCalls(
  machine: Machine,
  calls: string,
  { ownership, machineId = '' }: Expected,
  {
    signal,
    redact = [],
    timeoutSeconds = secretLimits.fileSeconds,
  }: { signal?: AbortSignal | undefined; redact?: string[]; timeoutSeconds?: number },
): Promise<Reply> {
  const variables = {
    ...(ownership.urn ? ownershipVariables(ownership) : { claim: ownership.claim }),
    pending: ownership.claim,
    machine_id: machineId,
  };
  return await runScript(machine, script + calls, { variables, signal, timeoutSeconds, redact });
}
