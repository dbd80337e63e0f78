import { createHash } from 'node:crypto';
import { mkdir, readlink, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { nix32 } from './key-format.ts';
import { nixStore } from './nix.ts';
import { limitSeconds, type StoreOptions, storeError } from './store.ts';

/** A link that protects a store path from garbage collection. */
export interface Root {
  link: string;
  path: string;
}

/** Links `link` to a valid store path, and registers it as a garbage collector root. */
export async function addRoot({ link, path }: Root, options: StoreOptions = {}): Promise<void> {
  await mkdir(dirname(link), { recursive: true });
  const { exitCode, stderr } = await realise([path], link, options);
  if (exitCode !== 0) throw storeError(`cannot make the garbage collector root ${link}`, stderr);
}

/**
 * Makes links that are registered already point to other valid store paths: all of them by one process, where each new root takes one.
 * @returns the links that do; the others are for `addRoot`, which explains what is wrong with one
 */
export async function moveRoots(roots: readonly Root[], options: StoreOptions = {}): Promise<Set<string>> {
  const moved = new Set<string>();
  const registered = await Promise.all(roots.map(({ link }) => isRegistered(link)));
  const movable = roots.filter((_, index) => registered[index]);
  const [first, ...others] = movable;
  if (first === undefined || others.length === 0) return moved;
  // Nix makes NAME, NAME-2, NAME-3 and so on. They are roots themselves until each takes the place of its old one. No resource's root
  // has a name with ~.
  const name = `${first.link}~new`;
  const made = movable.map((_, index) => (index === 0 ? name : `${name}-${index + 1}`));
  try {
    const paths = movable.map(({ path }) => path);
    if ((await realise(paths, name, options)).exitCode !== 0) return moved;
    for (const [index, { link, path }] of movable.entries()) {
      const root = made[index] ?? name;
      if ((await linkTarget(root)) !== path) continue;
      await rename(root, link);
      moved.add(link);
    }
    return moved;
  } finally {
    await Promise.all(made.map((root) => rm(root).catch(() => undefined)));
  }
}

async function realise(paths: readonly string[], link: string, options: StoreOptions) {
  const args = ['--realise', ...paths, '--add-root', link];
  return await nixStore(args, { timeoutSeconds: limitSeconds, ...options });
}

/** Whether a link exists that Nix knows as a root: by a link to it, which is named after the SHA-1 of its path. */
async function isRegistered(link: string): Promise<boolean> {
  const state = process.env.NIX_STATE_DIR || '/nix/var/nix';
  const name = nix32(createHash('sha1').update(link).digest());
  const known = await linkTarget(join(state, 'gcroots/auto', name));
  return known === link && (await linkTarget(link)) !== undefined;
}

/** Undefined where there is no link. */
async function linkTarget(link: string): Promise<string | undefined> {
  return await readlink(link).catch(() => undefined);
}
