import type { KernelNeeds } from '../../schema/evaluation.ts';

/** The output of nix/facts.nix: full texts and lists, before `condense`. */

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

/** Exactly one of `text`, `source` and `exact` is set. */
export interface RawEtc {
  mode: string;
  text?: string;
  /** Path that a derivation builds. */
  source?: string;
  /** Identifies the content: a content-addressed path, a hash, or a path outside the store. */
  exact?: string;
  /** File with the content of `exact`. */
  path?: string;
  texts?: string[];
}

export type RawFacts = RawSystem | { toplevel: null; failedAssertions: string[] };

/** A system without failed assertions. */
export interface RawSystem {
  toplevel: RawDerivation;
  /** Parts that cannot be read from this nixpkgs although the system evaluates: fields of this object, or `about`. */
  unread: string[];
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
  };
  /** Null without a kernel of its own: in a container, in WSL. */
  kernelNeeds: KernelNeeds | null;
  packages: RawPackage[];
  units: Record<string, RawUnit>;
  userUnits: Record<string, RawUnit>;
  etc: Record<string, RawEtc>;
  firewall: { enabled: boolean; tcp: string[]; udp: string[] };
  users: Record<string, { wheel: boolean; keys: string[] }>;
  fileSystems: Record<string, { fsType: string; device: string }>;
  bootLoader: string;
  sshd: { enabled: boolean; ports: number[] };
  access: {
    permitRootLogin: string | null;
    trustedInterfaces: string[];
    nix: boolean | null;
    switchable: boolean | null;
    rootPassword: boolean | null;
    sshPasswords: boolean | null;
  } | null;
  switching: {
    release: string;
    /** Store path. */
    systemd: string;
    /** systemd.packages */
    unitPackages: { name: string; path: string }[];
    defaultTarget: string;
    activationLists: boolean;
  } | null;
  specialisations: string[];
  inhibitors: Record<string, string>;
  warnings: string[];
  /** The requested image; the other fields describe the system inside. */
  image?: RawImage;
}

export interface RawImage extends RawDerivation {
  name: string;
  /** Path of the image within the output; empty if unknown. */
  file: string;
  diskSizeMiB: number | null;
}

export interface RawKernel extends RawDerivation {
  version: string;
  modDirVersion: string;
  /** The following are absent if the kernel's package does not have them. */
  source?: { name: string; revision: string; path: string };
  patches?: { name: string; patch: string }[];
  config?: Record<string, string>;
  /** Text of a .config that is a file of the flake. */
  configText?: string | null;
  /** Kernel series to its newest release. */
  releases?: Record<string, string>;
  /** Symbols that Kconfig may leave out. */
  optional?: string[];
  /** The derivation whose output is the whole .config. */
  configuration?: RawDerivation | null;
  /** Store path of the output with vmlinux; empty without one. */
  dev?: string;
}

/** A configuration, an image or another output that is not in the flake. */
export interface Missing {
  /** Names that exist instead. */
  missing: string[];
  /** For an image or an output: attribute path under `config` of these names. */
  at?: string[];
}

/** One result line of nix/facts.nix, or of nix/observe/self.nix. */
export type FactsRecord =
  | { begin: string }
  /** The evaluator has ended a host, with all that its record needs; only where it is observed. */
  | { end: string }
  /** An observed evaluation begins, and whether it is impure. */
  | { started: boolean }
  /** An attribute of the flake's source is used. */
  | { use: string }
  | { kernel: RawKernel }
  | { host: string; facts: RawFacts }
  | { host: string; output: RawDerivation }
  | { host: string; foreign: string[] }
  | ({ host: string } & Missing);
