import type { HostFacts, KernelFacts } from '../../schema/facts.ts';
import type { FleetError } from '../errors.ts';

export interface FleetRequest {
  /** Flake reference; a relative one (`./nix`) is seen from `baseDirectory`. */
  flake: string;
  baseDirectory: string;
  /** Input name to the flake reference that replaces it. */
  overrideInputs?: Record<string, string>;
  /** Host name to its attribute of the flake's `nixosConfigurations`. */
  hosts: Record<string, string>;
  /** Memory that all evaluators together may take, MiB; by default, and at most, what the computer has available. */
  memoryMiB?: number;
  /** Evaluators at a time; by default, and at most, one a core. */
  workers?: number;
  signal?: AbortSignal;
  /** A line for a status display; each replaces the one before. */
  onProgress?: (message: string) => void;
}

export type HostEvaluation =
  | {
      ok: true;
      drvPath: string;
      outPath: string;
      facts: HostFacts;
      /** The kernel's derivation: a key of `kernels`; undefined in a container. */
      kernel?: string;
      warnings: string[];
      /** system.configurationRevision, empty where it is not set. */
      revision: string;
    }
  | { ok: false; error: FleetError };

export interface FleetEvaluation {
  /** Git revision of the flake, with "-dirty" where its tree was changed; empty where there is none. */
  revision: string;
  /** Stands for all that was evaluated: flake, inputs and versions. */
  fingerprint: string;
  /** Whether nothing had to be evaluated. */
  fromCache: boolean;
  hosts: Record<string, HostEvaluation>;
  /** Kernels by derivation: hosts with the same kernel share it. */
  kernels: Record<string, KernelFacts>;
}
