import type * as evaluation from '../../schema/evaluation.ts';
import type { FleetError } from '../base/errors.ts';

/** Evaluations whose errors are FleetErrors. */
export type FleetEvaluation = evaluation.FleetEvaluation<FleetError>;
export type HostEvaluation = evaluation.HostEvaluation<FleetError>;

/** The derivation of an output, or why it could not be evaluated. */
export type OutputEvaluation =
  | { ok: true; drvPath: string; outPath: string }
  | { ok: false; error: FleetError };

/** Something else that a configuration can build: a virtual machine, a system for memory. */
export interface OutputRequest {
  /** Attribute under nixosConfigurations. */
  configuration: string;
  /** Attribute path under the configuration's `config`, such as `['system', 'build', 'vm']`. */
  attribute: readonly string[];
  /** The machine or disk that an error names. */
  host: string;
}

export interface FleetRequest {
  /** Flake reference; a relative one (`./nix`) is resolved against `baseDirectory`. */
  flake: string;
  baseDirectory: string;
  /** Input name to the flake reference that replaces it. */
  overrideInputs?: Record<string, string>;
  /** Lock file to read instead of the flake's own, which then is not changed. */
  lockFile?: string;
  /** Whether Nix may complete the flake's lock file. Default: true, as for any command of Nix. */
  writeLock?: boolean;
  /** Host name to its attribute of the flake's `nixosConfigurations`. */
  hosts: Record<string, string>;
  /** Disk images by name: configuration of each, and attribute path under its `config`. */
  images?: Readonly<Record<string, { configuration: string; image: readonly string[] }>>;
  /** Other outputs by name. */
  outputs?: Readonly<Record<string, OutputRequest>>;
  /** Memory that all evaluators together may use, MiB. Default and maximum: 90 % of the available memory. */
  memoryMiB?: number;
  /** Evaluators at a time. Default and maximum: one per core. */
  workers?: number;
  signal?: AbortSignal;
  /** A line for a status display; each replaces the one before. */
  onProgress?: (message: string) => void;
}
