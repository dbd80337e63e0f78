import type { ErrorCode } from '../../base/errors.ts';
import type { Reply } from '../script/reply.ts';
import { type ScriptData, scriptFile } from '../script/text.ts';
import type { Machine } from '../ssh/machine.ts';
import { runScript } from '../ssh/run-script.ts';

const script = scriptFile('./nix-conf-file.sh', import.meta.url);

/** A file on a machine that its nix.conf includes. */
export interface NixConfFile {
  path: string;
  content: string;
  /** Code of the error where it can be neither written nor read. */
  code: ErrorCode;
  /** A script that runs after that, and whose lines are in the same reply. */
  ask: string;
  /** Variables for `ask`. */
  variables?: ScriptData['variables'];
}

/** What a machine reports of the file. */
export interface NixConfAnswer {
  machineId: string;
  content: 'in-place' | 'changed' | 'absent' | undefined;
  /** The whole reply, with what `ask` printed. */
  reply: Reply;
}

/**
 * Writes, reads or removes the file; on a machine with another machine-id nothing is written. Where the file changes, the
 * daemon reads it anew.
 * @throws FleetError of the file's code, unreachable, host-key, access-denied, cancelled
 */
export async function workOnNixConf(
  machine: Machine,
  action: 'write' | 'read' | 'remove',
  { path, content, code, ask, variables: forAsk }: NixConfFile,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<NixConfAnswer> {
  const variables = { ...forAsk, action, path, content, machine_id: machineId ?? '' };
  const reply = await runScript(machine, script + ask, { variables, signal });
  const found = reply.text('machine-id');
  if (reply.isWhole || (machineId && found && found !== machineId)) {
    return {
      machineId: found,
      content: (reply.text('content') || undefined) as NixConfAnswer['content'],
      reply,
    };
  }
  throw reply.error({
    code,
    what: `${path} could not be worked on`,
    fix: 'Look at the folder on the machine: is there room, is it read-only?',
  });
}
