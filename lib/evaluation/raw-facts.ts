import type { KernelNeeds } from '../../schema/evaluation.ts';

/** What nix/facts.nix writes: full texts and lists, before `condense`. */

export interface RawDerivation {
  drvPath: string;
  out: string;
}

export interface RawPackage {
  name: string;
  version: string;
}

export interface RawUnit {
  enable: boolean;
  text: string;
  /** Derivations of the texts that this text refers to. */
  texts: string[];
  wantedBy: string[];
  requiredBy: string[];
  upheldBy: string[];
  aliases: string[];
}

/** Of `text`, `source` and `exact` there is one. */
export interface RawEtc {
  mode: string;
  text?: string;
  /** Path made by a derivation. */
  source?: string;
  /** Says the content exactly: a content-addressed path, a hash, or a path outside the store. */
  exact?: string;
  /** Where the content of `exact` can be read. */
  path?: string;
  texts?: string[];
}

export interface RawFacts {
  failedAssertions: string[];
  toplevel: RawDerivation | null;
  nixosLabel: string;
  stateVersion: string;
  revision: string;
  platform: string;
  container: boolean;
  kernel: {
    drvPath?: string;
    out?: string;
    version?: string;
    modDirVersion?: string;
    params: string[];
    initrdModules: string[];
    initrdModulesLoaded: string[];
    modules: string[];
    extraModulePackages: RawPackage[];
    /** Absent in a container. */
    needs?: KernelNeeds;
  };
  packages: RawPackage[];
  units: Record<string, RawUnit>;
  userUnits: Record<string, RawUnit>;
  etc: Record<string, RawEtc>;
  firewall: { enabled: boolean; tcp: string[]; udp: string[] };
  users: Record<string, { wheel: boolean; keys: string[] }>;
  fileSystems: Record<string, { fsType: string; device: string }>;
  bootLoader: string;
  sshd: { enabled: boolean; ports: number[] };
  specialisations: string[];
  inhibitors: Record<string, string>;
  warnings: string[];
  /** The image that was asked for; the rest is of the system in it. */
  image?: RawImage;
}

export interface RawImage extends RawDerivation {
  name: string;
  /** Path of the image within the output; empty where it is not told. */
  file: string;
  diskSizeMiB: number | null;
}

export interface RawKernel extends RawDerivation {
  version: string;
  modDirVersion: string;
  /** The rest is absent for a kernel that does not tell. */
  source?: { name: string; revision: string; path: string };
  patches?: { name: string; patch: string }[];
  config?: Record<string, string>;
  /** Text of a .config that is a file of the flake. */
  configText?: string | null;
  /** Series to its newest release. */
  releases?: Record<string, string>;
  /** Symbols that Kconfig may leave out. */
  optional?: string[];
  /** The derivation whose output is the whole .config. */
  configuration?: RawDerivation | null;
  /** Store path of the output with vmlinux; empty where there is none. */
  dev?: string;
}

/** What the flake lacks: a configuration, or an image or another output of one. */
export interface Missing {
  /** Names that there are. */
  missing: string[];
  /** Of an image or an output: the attribute path under `config` that these names are at. */
  at?: string[];
}

/** One result line of nix/facts.nix. */
export type FactsRecord =
  | { begin: string }
  | { kernel: RawKernel }
  | { host: string; facts: RawFacts }
  | { host: string; output: RawDerivation }
  | { host: string; caught: true }
  | ({ host: string } & Missing);
