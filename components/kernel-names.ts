/**
 * Names for kernels that stay the same when a kernel's version changes, so that a preview shows an update and not a
 * new kernel: the package's name (`linux`), and the first host's name after it for all but the most used of a name.
 * @param users kernel's store path to the hosts that run it
 * @returns kernel's store path to its name
 */
export function kernelNames(users: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  const names: Record<string, string> = {};
  const taken = new Set<string>();
  const first = (path: string) => [...(users[path] ?? [])].sort()[0] ?? '';
  const ranked = Object.keys(users).sort(
    (a, b) => (users[b]?.length ?? 0) - (users[a]?.length ?? 0) || first(a).localeCompare(first(b)),
  );
  for (const path of ranked) {
    const base = packageName(path);
    names[path] = taken.has(base) ? `${base}-${first(path)}` : base;
    taken.add(base);
  }
  return names;
}

/** `/nix/store/<hash>-linux-zen-6.18.2` → `linux-zen`. */
function packageName(storePath: string): string {
  return storePath.replace(/^.*\/[a-z0-9]{32}-/, '').replace(/-[0-9].*$/, '') || 'linux';
}
