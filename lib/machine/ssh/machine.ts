import type { Connection } from '../../../schema/connection.ts';
import type { RunResult } from '../../base/process/run.ts';
import type { RunOptions } from '../../base/process/start.ts';
import type { SshOptions } from './arguments.ts';
import type { RemoteStore } from './nix-store.ts';

/** A machine to talk to, over ssh or, with `local`, on this computer. `machineAt` makes one; nothing connects before a call. */
export interface Machine {
  /** The host's name in the fleet, by which errors and notes name it. */
  readonly name: string;
  readonly connection: Connection;
  /**
   * Runs a POSIX shell script, or one command given as words, as root; it is sent by standard input.
   * Returns what it printed, whatever its exit code.
   * @throws FleetError unreachable, host-key, access-denied, config-invalid, cancelled
   */
  run(script: string | readonly string[], options?: RunOnMachineOptions): Promise<RunResult>;
  /**
   * Runs one command as root, with a stream as its input. Returns what it printed, whatever its exit code.
   * @throws FleetError as `run`; and the error of the stream
   */
  stream(
    words: readonly string[],
    input: AsyncIterable<Uint8Array>,
    options?: RunOnMachineOptions,
  ): Promise<RunResult>;
  /** Its Nix store, for `nix copy`. */
  store(options?: SshOptions): RemoteStore;
  /** Ends the shared ssh connection, if there is one, once what runs over it has ended. Never throws. */
  close(): Promise<void>;
  /** The same machine, entered as `bootstrapUser`; undefined where none is set. */
  asBootstrapUser(): Machine | undefined;
  /** The same machine, entered as `user` only: what succeeds proves that this user is let in. */
  asLastingUser(): Machine;
}

export interface RunOnMachineOptions
  extends SshOptions,
    Pick<RunOptions, 'signal' | 'onStdoutLine' | 'onStderrLine' | 'redact'> {
  /** Limit for the whole call in seconds, the connection included. Default: 60. */
  timeoutSeconds?: number;
}
