import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../base/hash.ts';
import { run } from '../../base/process/run.ts';
import type { LockedFlake } from '../../store/nix/flake.ts';
import type { Locks } from '../../store/nix/locks.ts';

/** The files of a flake, as Nix sees them: where Nix reads them, which there are, and what is in each. */
export interface Tree {
  /** Folder that Nix reads: the Git work tree, or the copy of a folder in the store. */
  root: string;
  /** flake.nix, relative to the root like every path of the tree. */
  flakeFile: string;
  /** Path to what else than its content a file has: kind, whether it is executable, target of a symbolic link. */
  entries: ReadonlyMap<string, string>;
  /** Root and all folders below. */
  folders: readonly string[];
  /** Hash of all paths and kinds. */
  names: string;
  /** The flake's own inputs that are folders of this tree. */
  relativeInputs: readonly string[];
  /** Hash of a file's content; undefined if it cannot be read. */
  content(path: string): string | undefined;
  text(path: string): string | undefined;
}

/** Attributes of a tree that add nothing to its files. Any other (`submodules`, `lfs`) changes what Nix sees. */
const plainAttributes = new Set(
  'type url path ref rev shortRev revCount dirtyRev dirtyShortRev lastModified narHash dir __final'.split(
    ' ',
  ),
);

/** More folders are not watched. */
const maxFolders = 5000;

/**
 * The tree of a flake that Nix reads file by file: a Git work tree, or a folder. Undefined for any other (a remote flake, a revision
 * of a repository), with submodules, and where an input's content is not locked or belongs to the tree in a way that is not observed.
 */
export async function readTree(flake: LockedFlake): Promise<Tree | undefined> {
  const { resolvedUrl, localPath, storePath, source, locks } = flake;
  const relativeInputs = ownFolders(locks);
  if (localPath === undefined || !relativeInputs) return undefined;
  if (!Object.keys(source).every((name) => plainAttributes.has(name))) return undefined;
  const parameters = new URLSearchParams(
    resolvedUrl.includes('?') ? resolvedUrl.replace(/^[^?]*\?/, '') : '',
  );
  if ([...parameters.keys()].some((name) => name !== 'dir')) return undefined;
  const flakeFile = join(parameters.get('dir') ?? '', 'flake.nix');
  try {
    const isGit = resolvedUrl.startsWith('git+file:');
    if (!isGit && !resolvedUrl.startsWith('path:')) return undefined;
    const root = isGit ? localPath : storePath;
    const entries = isGit ? await gitEntries(root) : folderEntries(root);
    const folders = entries && foldersOf(root, [...entries.keys()]);
    if (!entries?.has(flakeFile) || !folders || folders.length > maxFolders) return undefined;
    return {
      ...fileReader(root, entries),
      root,
      flakeFile,
      entries,
      folders,
      names: namesHash(root, entries),
      relativeInputs,
    };
  } catch {
    return undefined;
  }
}

/**
 * Names of the inputs that are folders of the flake's own tree. Undefined where more of the tree reaches an input: as a flake with its
 * own `self`, by `follows = ""`, or from an input's input; and if the content of an input is not locked.
 */
export function ownFolders({ root, nodes }: Locks): string[] | undefined {
  const direct = new Map(Object.entries(nodes[root]?.inputs ?? {}).map(([name, node]) => [node, name]));
  const found: string[] = [];
  for (const [key, { inputs = {}, locked, parent, flake }] of Object.entries(nodes)) {
    if (Object.values(inputs).some((input) => Array.isArray(input) && input.length === 0)) return undefined;
    if (key === root) continue;
    if (parent === undefined) {
      if (locked?.narHash === undefined && locked?.rev === undefined) return undefined;
      continue;
    }
    const name = direct.get(key);
    if (parent.length > 0 || flake !== false || name === undefined) return undefined;
    found.push(name);
  }
  return found;
}

/** What Git tracks, without what is deleted in the work tree. Undefined if there are submodules or folders in place of files. */
async function gitEntries(root: string): Promise<Map<string, string> | undefined> {
  const { stdout } = await run('git', ['-C', root, 'ls-files', '-z', '--stage'], { timeoutSeconds: 60 });
  const entries = new Map<string, string>();
  for (const line of stdout.split('\0')) {
    const [, mode, path] = /^(\d+) [^\t]*\t(.*)$/s.exec(line) ?? [];
    if (path === undefined) continue;
    if (mode === '160000') return undefined;
    const entry = entryOf(join(root, path));
    if (entry === 'folder') return undefined;
    if (entry !== undefined) entries.set(path, entry);
  }
  return entries;
}

function folderEntries(root: string): Map<string, string> {
  const entries = new Map<string, string>();
  const visit = (folder: string) => {
    for (const name of readdirSync(join(root, folder))) {
      const path = join(folder, name);
      const entry = entryOf(join(root, path));
      if (entry === 'folder') {
        // A folder may be empty.
        entries.set(path, entry);
        visit(path);
      } else if (entry !== undefined) entries.set(path, entry);
    }
  };
  visit('');
  return entries;
}

function entryOf(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  if (stat.isDirectory()) return 'folder';
  if (stat.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  if (!stat.isFile()) return 'other';
  return stat.mode & 0o100 ? 'program' : 'file';
}

/** Undefined if a folder is a symbolic link: then the paths below are not those of files. */
function foldersOf(root: string, paths: readonly string[]): string[] | undefined {
  const folders = new Set(['']);
  for (const path of paths) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at));
  }
  const isFolder = (path: string) => lstatSync(join(root, path)).isDirectory();
  return [...folders].every(isFolder) ? [...folders].sort() : undefined;
}

/** .gitattributes belong to the names: they hide files. */
function namesHash(root: string, entries: ReadonlyMap<string, string>): string {
  const lines = [...entries].map(([path, entry]) => {
    const content = /(^|\/)\.gitattributes$/.test(path) ? readFileSync(join(root, path), 'utf8') : '';
    return JSON.stringify([path, entry, content]);
  });
  return sha256(lines.sort().join('\n'));
}

function fileReader(root: string, entries: ReadonlyMap<string, string>): Pick<Tree, 'content' | 'text'> {
  const hashes = new Map<string, string | undefined>();
  const bytes = (path: string) => {
    try {
      return readFileSync(join(root, path));
    } catch {
      return undefined;
    }
  };
  return {
    content(path) {
      // The target belongs to the names.
      if (entries.get(path)?.startsWith('link ')) return '';
      if (!hashes.has(path)) {
        const content = bytes(path);
        hashes.set(path, content && createHash('sha256').update(content).digest('hex'));
      }
      return hashes.get(path);
    },
    text: (path) => bytes(path)?.toString('utf8'),
  };
}
