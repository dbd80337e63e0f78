import { FleetError } from '../../base/errors.ts';
import type { Signed } from './key-format.ts';
import { nix } from './nix.ts';
import { parseNixError } from './nix-error.ts';

/** A Nix store other than this computer's. */
export interface OtherStore {
  /** `file:///…`, `s3://…`, `https://…`, `ssh-ng://…` */
  uri: string;
  /** Options of ssh, for NIX_SSHOPTS. */
  sshOpts?: string;
}

/** A path in a store. */
export interface PathInfo extends Signed {
  /** Bytes to download; undefined if unknown. */
  downloadSize?: number;
  /** Its derivation, if the store knows it. */
  deriver?: string;
}

export interface PathInfoRequest {
  /** Default: this computer's store. */
  store?: OtherStore;
  /** Store paths, or `all` for all paths of the store, which a cache over http cannot list. */
  paths: readonly string[] | 'all';
  /** Whether to include the closures. */
  recursive?: boolean;
  signal?: AbortSignal;
  /** @default 300 */
  timeoutSeconds?: number;
}

/** Nix settings for every access to a cache: one that is down or hangs fails within seconds. */
export const cacheLimits = {
  'connect-timeout': '5',
  'stalled-download-timeout': '10',
  'download-attempts': '2',
  'narinfo-cache-negative-ttl': '0',
} as const;

/** `--option` arguments for `cacheLimits`. */
export const limitArguments = Object.entries(cacheLimits).flatMap(([name, value]) => [
  '--option',
  name,
  value,
]);

/**
 * Queries paths of a store, in one nix process. Paths that the store does not have are left out.
 * @throws FleetError cache-failed, cancelled
 */
export async function pathInfos(request: PathInfoRequest): Promise<Map<string, PathInfo>> {
  const { store, paths, recursive, signal, timeoutSeconds = 300 } = request;
  if (paths.length === 0) return new Map();
  const args = [
    'path-info',
    '--json',
    ...(store ? ['--store', store.uri, ...limitArguments] : []),
    ...(recursive ? ['--recursive'] : []),
    ...(paths === 'all' ? ['--all'] : ['--stdin']),
  ];
  const { exitCode, stdout, stderr } = await nix(args, {
    timeoutSeconds,
    ...(paths === 'all' ? {} : { input: paths.join('\n') }),
    ...environment(store),
    signal,
  });
  if (exitCode === 0) return parsePathInfos(stdout);
  throw new FleetError({
    code: 'cache-failed',
    what: `cannot query ${store ? `the store ${store.uri}` : 'the Nix store of this computer'}`,
    why: parseNixError(stderr),
  });
}

/**
 * Signs paths in a store with a key; existing signatures are kept.
 * @throws FleetError cache-failed, cancelled
 */
export async function signPaths(
  store: OtherStore,
  paths: readonly string[],
  keyFile: string,
  signal?: AbortSignal,
): Promise<void> {
  if (paths.length === 0) return;
  const args = ['store', 'sign', '--store', store.uri, ...limitArguments, '--key-file', keyFile, '--stdin'];
  const { exitCode, stderr } = await nix(args, {
    timeoutSeconds: 3600,
    input: paths.join('\n'),
    ...environment(store),
    signal,
  });
  if (exitCode === 0) return;
  throw new FleetError({
    code: 'cache-failed',
    what: `cannot sign paths in ${store.uri}`,
    why: parseNixError(stderr),
  });
}

function environment(store: OtherStore | undefined) {
  return store?.sshOpts === undefined ? {} : { env: { NIX_SSHOPTS: store.sshOpts } };
}

type Entry = (Omit<PathInfo, 'path' | 'deriver'> & { deriver?: string | null }) | null;

/** Parses the output of `nix path-info --json` in both of its formats: full paths, and names below `info`. */
export function parsePathInfos(json: string): Map<string, PathInfo> {
  const whole = JSON.parse(json) as { info?: Record<string, Entry>; storeDir?: string } & Record<
    string,
    Entry
  >;
  const byName = typeof whole.version === 'number' && whole.info !== undefined;
  const entries = Object.entries((byName ? whole.info : whole) as Record<string, Entry>);
  return new Map(
    entries.flatMap(([name, entry]) => {
      if (!entry) return [];
      const path = byName ? `${whole.storeDir}/${name}` : name;
      const { narHash, narSize, signatures = [], downloadSize, deriver } = entry;
      const full = (other: string) => (byName ? `${whole.storeDir}/${other}` : other);
      const info: PathInfo = { path, narHash, narSize, references: entry.references.map(full), signatures };
      if (downloadSize !== undefined) info.downloadSize = downloadSize;
      if (deriver) info.deriver = full(deriver);
      return [[path, info] as const];
    }),
  );
}

/** The closure of a path. `infos` must contain all of it. */
export function closureOf(
  path: string,
  infos: ReadonlyMap<string, { references: readonly string[] }>,
): string[] {
  const found = new Set([path]);
  for (const each of found) for (const reference of infos.get(each)?.references ?? []) found.add(reference);
  return [...found];
}
