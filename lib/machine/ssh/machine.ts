import type { Connection } from '../../../schema/connection.ts';
import type { RunResult } from '../../base/process/run.ts';
import type { RunOptions } from '../../base/process/start.ts';
import type { SshOptions } from './arguments.ts';
import type { Destination } from './destination.ts';
import type { RemoteStore } from './nix-store.ts';

/** A machine, reached over ssh or, with `local`, this computer. Made by `machineAt`; does not connect before the first call. */
export interface Machine {
  /** The host's name in the config, used in errors and notes. */
  readonly name: string;
  readonly connection: Connection;
  /**
   * Runs a POSIX shell script, or one command given as words, as root. It is sent through the standard input.
   * Returns its output, whatever its exit code.
   * @throws FleetError unreachable, host-key, access-denied, config-invalid, cancelled
   */
  run(script: string | readonly string[], options?: RunOnMachineOptions): Promise<RunResult>;
  /**
   * Runs one command as root with a stream as its input. Returns its output, whatever its exit code.
   * @throws FleetError as `run`, or the error of the stream
   */
  stream(
    words: readonly string[],
    input: AsyncIterable<Uint8Array>,
    options?: RunOnMachineOptions,
  ): Promise<RunResult>;
  /** Where ssh connects to. */
  destination(): Promise<Destination>;
  /** Its Nix store, for `nix copy`. */
  store(options?: SshOptions): RemoteStore;
  /** Closes the shared ssh connection, if any, once its sessions have ended. Never throws. */
  close(): Promise<void>;
  /** The same machine, logged in to as `bootstrapUser`; undefined if none is set. */
  asBootstrapUser(): Machine | undefined;
  /** The same machine, logged in to as `user` only, without a fallback to `bootstrapUser`. */
  asRegularUser(): Machine;
}

export interface RunOnMachineOptions
  extends SshOptions,
    Pick<RunOptions, 'signal' | 'onStdoutLine' | 'onStderrLine' | 'redact'> {
  /** Limit for the whole call, including the connection, in seconds. Default: 60. */
  timeoutSeconds?: number;
}
