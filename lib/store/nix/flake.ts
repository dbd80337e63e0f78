import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sha256 } from '../../base/hash.ts';
import { expandHome } from '../../base/home.ts';
import { writtenSince } from '../../base/written-since.ts';
import { flakeError } from './flake-error.ts';
import type { Locks } from './locks.ts';
import { nix } from './nix.ts';

export interface FlakeRequest {
  /** A flake reference; a relative one (`./nix`, `path:./nix`) is resolved against `baseDirectory`. */
  flake: string;
  baseDirectory: string;
  /** Input name to the flake reference that replaces it; relative ones likewise. */
  overrideInputs?: Record<string, string>;
  /** Lock file to read instead of the flake's own, which then is not changed. */
  lockFile?: string;
  /** Whether Nix may complete the flake's lock file. Default: true, as for any command of Nix. */
  writeLock?: boolean;
  signal?: AbortSignal;
}

/** A locked flake. It is locked once, and passed to everything that evaluates or compares it. */
export interface LockedFlake {
  /** The request that it was locked by. */
  request: FlakeRequest;
  /** When locking began, in milliseconds since 1970: later changes may not be included. */
  lockedAt: number;
  /** Absolute reference, for further calls of nix. */
  flakeRef: string;
  /** The reference as Nix resolved it: a folder has become the Git work tree around it. */
  resolvedUrl: string;
  /** Attributes of the tree, such as its revision and its hash, as far as Nix reports them. */
  source: Readonly<Record<string, unknown>>;
  /** Arguments for the lock file and the replaced inputs, for further calls of nix. */
  overrides: string[];
  /** Differs whenever anything an evaluation can see differs: the tree, its revision, times, and every input. */
  identity: string;
  /** Git revision, with "-dirty" for a tree with changes; empty without git. */
  revision: string;
  /** Folder of the tree in the Nix store, and the folder on this computer that it was copied from, if any. */
  storePath: string;
  localPath: string | undefined;
  /** The flake's lock file on this computer; undefined for a remote flake. */
  lockPath: string | undefined;
  /** What each input is locked to. */
  locks: Locks;
  /** Last modification of each input at its source, in seconds since 1970; folders have no such date and are left out. */
  inputs: Record<string, number>;
}

interface MetadataJson {
  fingerprint?: string;
  locked?: Record<string, unknown>;
  locks: Locks;
  path: string;
  revision?: string;
  dirtyRevision?: string;
  resolvedUrl?: string;
}

/**
 * Locks a flake; of the flake only its inputs are evaluated.
 * @throws FleetError `flake-invalid`, with file, line and the line's text if Nix prints them
 */
export async function lockFlake(request: FlakeRequest): Promise<LockedFlake> {
  const flake = await readMetadata(request);
  // Nix has completed the lock file, which belongs to the tree: its identity is that with the new file.
  const { mtimeMs = 0 } = (flake.lockPath && statSync(flake.lockPath, { throwIfNoEntry: false })) || {};
  return mtimeMs >= Math.floor(flake.lockedAt) ? await readMetadata(request) : flake;
}

async function readMetadata(request: FlakeRequest): Promise<LockedFlake> {
  const flakeRef = resolveFlakeRef(request.flake, request.baseDirectory);
  const overrides = [...lockArguments(request), ...overrideArguments(request)];
  const lockedAt = Date.now();
  const { exitCode, stdout, stderr } = await nix(['flake', 'metadata', '--json', flakeRef, ...overrides], {
    timeoutSeconds: 1800,
    signal: request.signal,
  });
  if (exitCode !== 0) {
    const { flake, baseDirectory } = request;
    const replaced = replacedFolders(request);
    throw flakeError({ flake, baseDirectory, flakeRef, folder: folderOf(flakeRef), replaced }, stderr);
  }
  const json = JSON.parse(stdout) as MetadataJson;
  const { locks, path } = json;
  return {
    request,
    lockedAt,
    flakeRef,
    resolvedUrl: json.resolvedUrl ?? '',
    source: json.locked ?? {},
    overrides,
    identity: flakeIdentity(json),
    revision: json.revision ?? json.dirtyRevision ?? '',
    storePath: path,
    localPath: localPathOf(json.resolvedUrl ?? ''),
    lockPath: lockPathOf(json.resolvedUrl ?? ''),
    locks,
    inputs: inputDates(locks),
  };
}

/** In place of what a Nix does not report: the results of another process then count as those of another tree. */
const unobserved = crypto.randomUUID();

/**
 * Identifies a flake's content. A Nix that does not copy the tree reports no hash of it: its fingerprint covers a work tree with
 * changes, but not those in its submodules.
 */
export function flakeIdentity({
  fingerprint,
  locked,
  locks,
  path,
  revision,
}: Pick<MetadataJson, 'fingerprint' | 'locked' | 'locks' | 'path' | 'revision'>): string {
  const isSeen =
    locked?.narHash !== undefined ||
    revision !== undefined ||
    (fingerprint !== undefined && locked?.submodules !== true);
  const parts = [fingerprint ?? null, locked ?? null, locks, path];
  return sha256(JSON.stringify(isSeen ? parts : [...parts, unobserved]));
}

/**
 * Returns the same flake if no file was written since it was locked, and locks it again otherwise. The clock of a remote file
 * system may differ: such a folder counts as written.
 */
export async function relockIfWritten(flake: LockedFlake): Promise<LockedFlake> {
  const { request, lockedAt, localPath } = flake;
  const replaced = replacedFolders(request).map(({ path }) => path);
  for (const folder of [localPath, ...replaced]) {
    if (folder === undefined || folder.startsWith('/nix/store/')) continue;
    if (writtenSince(folder, lockedAt)) return await lockFlake(request);
  }
  return flake;
}

/** The dates of a flake's own inputs, from its locks; an input that follows another one has no date. */
export function inputDates({ root, nodes }: Locks): Record<string, number> {
  const inputs = Object.entries(nodes[root]?.inputs ?? {});
  return Object.fromEntries(
    inputs.flatMap(([name, node]) => {
      const locked = typeof node === 'string' ? nodes[node]?.locked : undefined;
      const isDated = locked?.lastModified !== undefined && locked.type !== 'path';
      return isDated ? [[name, locked.lastModified ?? 0]] : [];
    }),
  );
}

function lockArguments({ lockFile, writeLock = true }: FlakeRequest): string[] {
  return [
    ...(lockFile === undefined ? [] : ['--reference-lock-file', lockFile]),
    ...(lockFile === undefined && writeLock ? [] : ['--no-write-lock-file']),
  ];
}

/** Sorted, so that equal requests have equal commands. */
function overrideArguments({ overrideInputs, baseDirectory }: FlakeRequest): string[] {
  return Object.entries(overrideInputs ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([input, ref]) => ['--override-input', input, resolveFlakeRef(ref, baseDirectory)]);
}

/** Makes a relative flake reference, or one in the home folder (`~/fleet`), absolute; others are returned unchanged. */
export function resolveFlakeRef(ref: string, baseDirectory: string): string {
  const match = /^(path:|git\+file:)?([^?#]*)(.*)$/s.exec(ref);
  if (!match) return ref;
  const [, scheme, given = '', rest = ''] = match;
  const path = expandHome(given);
  if (scheme === undefined) {
    return /^\.{1,2}(\/|$)/.test(path) || path !== given ? resolve(baseDirectory, path) + rest : ref;
  }
  if (given.startsWith('/')) return ref;
  const absolute = resolve(baseDirectory, decoded(path)).split('/').map(encodeURIComponent).join('/');
  return `${scheme}${scheme === 'path:' ? '' : '//'}${absolute}${rest}`;
}

/** 'git+file:///home/me/fleet?dir=nix' to '/home/me/fleet'; undefined for a remote flake. */
export function localPathOf(url: string): string | undefined {
  const path = /^(?:path:|git\+file:(?:\/\/)?)(\/[^?]*)/.exec(url)?.[1];
  return path === undefined ? undefined : decoded(path).replace(/(.)\/$/, '$1');
}

/** Inputs that are replaced by folders on this computer. */
function replacedFolders({ overrideInputs, baseDirectory }: FlakeRequest): { input: string; path: string }[] {
  return Object.entries(overrideInputs ?? {}).flatMap(([input, ref]) => {
    const path = folderOf(resolveFlakeRef(ref, baseDirectory));
    return path === undefined ? [] : [{ input, path }];
  });
}

/** The folder of an absolute reference on this computer; undefined for a remote flake. */
function folderOf(ref: string): string | undefined {
  return localPathOf(ref) ?? (ref.startsWith('/') ? ref.replace(/[?#].*$/s, '') : undefined);
}

/** A part of a URL; as it is if it is not valid, which Nix reports. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** 'git+file:///home/me/fleet?dir=nix' to '/home/me/fleet/nix/flake.lock'; undefined for a remote flake. */
function lockPathOf(url: string): string | undefined {
  const folder = localPathOf(url);
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  return folder && join(folder, new URLSearchParams(query).get('dir') ?? '', 'flake.lock');
}
