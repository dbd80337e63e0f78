import { FleetError } from '../../base/errors.ts';
import { counted } from '../../base/text.ts';
import { copyClosure } from '../nix/copy.ts';
import { isSignedBy, type KeyPair } from '../nix/key-format.ts';
import { cacheLimits, closureOf, type OtherStore, pathInfos, signPaths } from '../nix/path-info.ts';
import { withKeyFile } from '../nix/signing-key.ts';

export interface PushRequest {
  store: OtherStore;
  /** Store paths of this computer; their closures are pushed. */
  paths: readonly string[];
  key: KeyPair;
  signal?: AbortSignal;
  onProgress?: (message: string) => void;
}

/** The closure of a pushed path in the cache. */
export interface Pushed {
  /** Paths of its closure, and their size unpacked, in bytes. */
  paths: number;
  bytes: number;
  /** Paths that the cache already had with another content, not signed by our key: machines reject them. */
  foreign: string[];
}

/**
 * Copies the missing paths of closures to a store, and signs every path of them there with our key. A path that the store
 * already had is signed only if its content is the same as on this computer.
 * @returns path to what the store has of its closure
 * @throws FleetError cache-failed, no-room, unreachable, host-key, access-denied, cancelled
 */
export async function pushClosures(request: PushRequest): Promise<Map<string, Pushed>> {
  const { store, paths, key, signal, onProgress } = request;
  return await withKeyFile(key.secretKey, async (keyFile) => {
    await copyClosure({
      paths,
      target: signingUri(store.uri, keyFile),
      sshOpts: store.sshOpts,
      options: cacheLimits,
      signal,
      onProgress,
    });
    const own = await pathInfos({ paths, recursive: true, signal });
    const there = await pathInfos({ store, paths: [...own.keys()], signal });
    const unsigned = [...there.values()].filter((info) => !isSignedBy(info, key.publicKey));
    const same = unsigned.filter(({ path, narHash }) => own.get(path)?.narHash === narHash);
    await signPaths(
      store,
      same.map(({ path }) => path),
      keyFile,
      signal,
    );
    const foreign = new Set(unsigned.filter((info) => !same.includes(info)).map(({ path }) => path));
    return new Map(
      paths.map((path) => {
        const closure = closureOf(path, own);
        const bytes = closure.reduce((sum, each) => sum + (own.get(each)?.narSize ?? 0), 0);
        const known = closure.filter((each) => there.has(each)).length;
        if (known < closure.length) throw incomplete(store.uri, closure.length - known);
        return [path, { paths: closure.length, bytes, foreign: closure.filter((each) => foreign.has(each)) }];
      }),
    );
  });
}

/**
 * A binary cache signs paths as they are copied; in a store over ssh they are signed afterwards. The default compression, xz,
 * takes fifty times as long as zstd for three quarters of the size.
 */
function signingUri(uri: string, keyFile: string): string {
  if (!/^(file|s3|https?):/.test(uri)) return uri;
  const compression = /[?&]compression=/.test(uri) ? '' : 'compression=zstd&';
  return `${uri}${uri.includes('?') ? '&' : '?'}${compression}secret-key=${encodeURIComponent(keyFile)}`;
}

function incomplete(uri: string, count: number): FleetError {
  return new FleetError({
    code: 'cache-failed',
    what: `${counted(count, 'path')} missing in ${uri} after the copy`,
    fix: 'Check whether another process removes paths from the cache, and run again.',
  });
}

/**
 * Signs every path in a store that has a valid signature of the key `from` with the key `to` as well. Returns their number.
 * @throws FleetError cache-failed, cancelled
 */
export async function resign(
  store: OtherStore,
  from: string,
  to: KeyPair,
  signal?: AbortSignal,
): Promise<number> {
  const all = await pathInfos({ store, paths: 'all', signal, timeoutSeconds: 3600 });
  const due = [...all.values()].filter((info) => isSignedBy(info, from) && !isSignedBy(info, to.publicKey));
  const paths = due.map(({ path }) => path);
  await withKeyFile(to.secretKey, (file) => signPaths(store, paths, file, signal));
  return paths.length;
}
