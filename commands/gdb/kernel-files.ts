import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { FleetError } from '../../lib/base/errors.ts';
import type { DebugKernel } from './arguments.ts';

/** The files of a kernel's output `dev`, as nixpkgs and the lab lay them out. */
export function filesOfDev(
  dev: string,
  { version, modDirVersion }: { version: string; modDirVersion: string },
): DebugKernel {
  const modules = join(dev, 'lib/modules', modDirVersion);
  const scripts = join(modules, 'build/scripts/gdb');
  const source = join(modules, 'source');
  return {
    ...filesOf(join(dev, 'vmlinux'), scripts),
    // The build folder in the sandbox no longer exists.
    ...(existsSync(source) ? { sources: { from: `/build/linux-${version}`, to: source } } : {}),
  };
}

/** The files of a kernel that was built outside Nix: vmlinux in its build folder. */
export function filesOfBuild(vmlinux: string): DebugKernel {
  return filesOf(resolve(vmlinux), join(dirname(resolve(vmlinux)), 'scripts/gdb'));
}

function filesOf(vmlinux: string, scripts: string): DebugKernel {
  if (!existsSync(vmlinux)) {
    throw new FleetError({
      code: 'config-invalid',
      what: `${vmlinux} does not exist`,
      fix: 'Set --vmlinux to the kernel with symbols.',
    });
  }
  const usable =
    existsSync(join(scripts, 'vmlinux-gdb.py')) && existsSync(join(scripts, 'linux/constants.py'));
  return usable ? { vmlinux, scripts } : { vmlinux };
}
