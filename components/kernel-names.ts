/**
 * Names of kernels that do not change with the version, so that a preview shows an update instead of a new kernel: the
 * package's name (`linux`). Of kernels with the same name, all but the most used also have the name of their first host.
 * @param users hosts by the store path of their kernel
 * @returns names by the kernels' store paths
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
