import type { HostFacts, KernelFacts } from './facts.ts';

/** A machine's configuration as Nix evaluated it, or why it could not. */
export type HostEvaluation<Failure extends Error = Error> =
  | {
      ok: true;
      /** Derivation of the toplevel. */
      drvPath: string;
      /** Store path of the toplevel. */
      outPath: string;
      facts: HostFacts;
      /** The kernel's derivation, a key of `FleetEvaluation.kernels`; absent in a container. */
      kernel?: string;
      /** Warnings of the configuration's own. */
      warnings: string[];
      /** system.configurationRevision; empty where it is not set. */
      revision: string;
    }
  | { ok: false; error: Failure };

/** What one evaluation of the flake says of all machines of a stack. */
export interface FleetEvaluation<Failure extends Error = Error> {
  /** The flake's revision, with `-dirty` where the tree differs from it; empty where it has none. */
  revision: string;
  /** Changes whenever an evaluation could give something else. */
  fingerprint: string;
  /** Whether nothing had to be evaluated. */
  fromCache: boolean;
  hosts: Record<string, HostEvaluation<Failure>>;
  /** Derivation of a kernel to its facts. */
  kernels: Record<string, KernelFacts>;
}
