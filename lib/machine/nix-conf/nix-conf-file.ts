import { readFileSync } from 'node:fs';
import type { Connection } from '../../../schema/connection.ts';
import { type ErrorCode, FleetError } from '../../base/errors.ts';
import { shellVariables } from '../ssh/quote.ts';
import { runOnMachine } from '../ssh/run.ts';

const script = readFileSync(new URL('./nix-conf-file.sh', import.meta.url), 'utf8');

/** A file on a machine that its nix.conf includes. */
export interface NixConfFile {
  connection: Connection;
  host: string;
  path: string;
  content: string;
  /** Code of the error where it can be neither written nor read. */
  code: ErrorCode;
  /** Shell lines that run after that, and print `key=value` lines. */
  ask: string;
}

/** What a machine said of the file. */
export interface NixConfAnswer {
  machineId: string;
  content: 'in-place' | 'changed' | 'absent' | undefined;
  /** All that was printed, what `ask` prints included. */
  stdout: string;
}

/**
 * Writes, reads or removes the file; on a machine with another machine-id nothing is written. Where the file changes, the
 * daemon reads it anew.
 * @throws FleetError of the file's code, unreachable, host-key, access-denied, cancelled
 */
export async function workOnNixConf(
  mode: 'write' | 'read' | 'remove',
  { connection, host, path, content, code, ask }: NixConfFile,
  machineId: string | undefined,
  signal?: AbortSignal,
): Promise<NixConfAnswer> {
  const variables = { mode_of_work: mode, path, content, machine_id: machineId ?? '' };
  const text = `${shellVariables(variables)}(${script})\n${ask}`;
  const { stdout, stderr } = await runOnMachine(connection, host, text, signal ? { signal } : {});
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1];
  const found = value('machine-id') ?? '';
  if (value('end') === 'yes' || (machineId && found && found !== machineId)) {
    return { machineId: found, content: value('content') as NixConfAnswer['content'], stdout };
  }
  throw new FleetError({
    code,
    what: `${path} could not be worked on`,
    host,
    why: stderr.trim() || 'the connection ended',
    fix: 'Look at the folder on the machine: is there room, is it read-only?',
  });
}
