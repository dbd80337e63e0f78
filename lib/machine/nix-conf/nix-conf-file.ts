import type { ErrorCode } from '../../base/errors.ts';
import {
  type Owner,
  type Ownership,
  ownedByOther,
  ownershipScript,
  ownershipVariables,
  parseOwner,
} from '../ownership/ownership.ts';
import type { Reply } from '../script/reply.ts';
import { type ScriptData, scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

const script = ownershipScript + scriptFile('./nix-conf-file.sh', import.meta.url);

/** A file on a machine that its nix.conf includes. */
export interface NixConfFile {
  path: string;
  content: string;
  /** Error code of a failure. */
  code: ErrorCode;
  /** A script that runs after the action and adds to the reply. */
  followUp: string;
  /** Variables for `followUp`. */
  variables?: ScriptData['variables'];
}

/** What a machine reports of the file. */
export interface NixConfReport {
  machineId: string;
  content: 'in-place' | 'changed' | 'absent' | undefined;
  /** The other resource that has written the file since, which is why it was not removed. */
  owner?: Owner | undefined;
  /** The whole reply, including the lines of `followUp`. */
  reply: Reply;
}

/**
 * Writes, reads or removes the file; changes nothing on a machine with another machine-id. Restarts nix-daemon if the file
 * changed.
 * @throws FleetError of the file's code, owned-by-other, unreachable, host-key, access-denied, cancelled
 */
export async function runNixConfAction(
  machine: Machine,
  action: 'write' | 'read' | 'remove',
  { path, content, code, followUp, variables: extra }: NixConfFile,
  ownership: Ownership,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<NixConfReport> {
  const variables = {
    ...extra,
    ...ownershipVariables(ownership),
    action,
    path,
    content,
    machine_id: machineId ?? '',
  };
  const reply = await runScript(machine, script + followUp, { variables, signal });
  const found = reply.text('machine-id');
  const owner = parseOwner(reply);
  if (owner && action === 'write') throw ownedByOther(machine.name, path, owner);
  if (reply.isWhole || (machineId && found && found !== machineId)) {
    return {
      machineId: found,
      content: (reply.text('content') || undefined) as NixConfReport['content'],
      owner,
      reply,
    };
  }
  throw reply.error({
    code,
    what: `the action ${action} on ${path} failed`,
    fix: 'Check the folder on the machine: is there free space, is it writable?',
  });
}
