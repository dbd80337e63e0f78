import * as z from 'zod';
import { type HostFacts, kernelFacts } from './facts.ts';

/** A disk image as Nix evaluated it, before it is built. */
export const evaluatedImage = z.object({
  drvPath: z.string(),
  outPath: z.string(),
  /** Name of the derivation. */
  name: z.string(),
  /** Path of the image within the output; empty where the configuration does not name one. */
  file: z.string(),
  /** Size of the disk, where the configuration fixes it. */
  diskSizeMiB: z.int().optional(),
});
export type EvaluatedImage = z.infer<typeof evaluatedImage>;

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
      /** Absent in a container. */
      kernelNeeds?: KernelNeeds;
      /** Of an image, which the rest is the system of; absent for a machine. */
      image?: EvaluatedImage;
      /** Warnings of the configuration's own. */
      warnings: string[];
      /** system.configurationRevision; empty where it is not set. */
      revision: string;
    }
  | { ok: false; error: Failure };

/** What a machine asks of its kernel. NixOS knows it, and no longer checks it. */
export const kernelNeeds = z.object({
  /** system.requiredKernelConfig: symbol to the values that satisfy it, such as `ym`. */
  required: z.record(z.string(), z.string()),
  /** Whether the flake judges them itself, by an assertion or a warning, as `nixosFleet.kernel` does. */
  judgedByFlake: z.boolean(),
  /** boot.initrd.allowMissingModules */
  allowMissingModules: z.boolean(),
  /** Whether the kernel's package declares that it starts from EFI; null where it does not declare it. */
  efiBootStub: z.boolean().nullable(),
});
export type KernelNeeds = z.infer<typeof kernelNeeds>;

/** A kernel's facts, and what is needed to judge and to configure it. */
export const evaluatedKernel = kernelFacts.extend({
  /**
   * What its config symbols were read from: what a configuration asks for, over Kconfig's and nixpkgs' own (`asked`), a file
   * of some lines (`fragment`), or a whole .config, in which a symbol that is not named is off.
   */
  configOrigin: z.enum(['asked', 'fragment', 'whole']),
  /** Symbols that Kconfig may leave out without a word. */
  optional: z.array(z.string()),
  /** Builds the whole .config without compiling. */
  configuration: z.object({ drvPath: z.string(), outPath: z.string() }).optional(),
  /** Every symbol of the whole .config, where Kconfig was run. */
  configured: z.record(z.string(), z.string()).optional(),
  /** Where the source is or will be in the store; empty where it is not known. */
  sourcePath: z.string(),
  /** Newest release of each series that is maintained (`6.18` to `6.18.37`), as the flake's nixpkgs knows it. */
  knownReleases: z.record(z.string(), z.string()),
});
export type EvaluatedKernel = z.infer<typeof evaluatedKernel>;

/** Result of one evaluation of the flake for all machines of a stack. */
export interface FleetEvaluation<Failure extends Error = Error> {
  /** The flake's revision, with `-dirty` where the tree differs from it; empty where it has none. */
  revision: string;
  /** Changes whenever an evaluation could give something else. */
  fingerprint: string;
  /** When each input of the flake was last changed at its origin, in seconds since 1970; without folders. */
  inputs: Record<string, number>;
  /** Whether nothing had to be evaluated. */
  fromCache: boolean;
  /** How many configurations were evaluated and why, where facts of earlier were kept: "1 of 100 evaluated: hosts/web.nix changed". */
  explanation?: string;
  hosts: Record<string, HostEvaluation<Failure>>;
  /** Disk images by name. */
  images: Record<string, HostEvaluation<Failure>>;
  /** Derivation of a kernel to its facts. */
  kernels: Record<string, EvaluatedKernel>;
}
