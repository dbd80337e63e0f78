/** The real nixos-rebuild, for this computer: a system's own, or nixpkgs' source run by Debian's Python. */
import { existsSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheRoot } from '../../lib/base/home.ts';
import { run } from '../../lib/base/process/run.ts';
import { shellQuote } from '../../lib/base/quote.ts';

/** Puts the program nixos-rebuild into a folder. */
export async function provideNixosRebuild(system: string, folder: string): Promise<void> {
  const program = join(folder, 'nixos-rebuild');
  const own = `${system}/sw/bin/nixos-rebuild`;
  if (existsSync(own)) return await symlink(own, program);
  // From its package, since patchelf breaks this program.
  const python = join(folder, 'python');
  const unpack = `dpkg-deb --fsys-tarfile "$1"/python3.*-minimal_*.deb | tar -x -O --wildcards '*/bin/python3.*' >"$2" && chmod 755 "$2"`;
  await run('sh', ['-c', unpack, 'sh', join(cacheRoot(), 'debs/real'), python], { timeoutSeconds: 60 });
  const world = `${system}/world`;
  const loader = `${world}/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 --library-path ${world}/lib/x86_64-linux-gnu`;
  const source = join(process.env.NIXPKGS ?? '', 'pkgs/by-name/ni/nixos-rebuild-ng/src');
  const start = `import sys; sys.path.insert(0, ${JSON.stringify(source)}); from nixos_rebuild import main; main()`;
  const text = `#!/bin/sh\nPYTHONHOME=${world} PYTHONDONTWRITEBYTECODE=1 exec ${loader} ${python} -c ${shellQuote(start)} "$@"\n`;
  await writeFile(program, text, { mode: 0o755 });
}
