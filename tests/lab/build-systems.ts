/** Systems and images of the flakes in tests/fixtures, built from the lab's Debian packages. */
import { join, resolve } from 'node:path';
import { run } from '../../lib/base/process/run.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { ensureLabImageBase } from '../../lib/local/lab/image-base.ts';

const project = resolve(import.meta.dirname, '../..');

export const toplevel = (name: string): string => `${name}.config.system.build.toplevel`;

/**
 * Arguments of nix that build outputs such as `plain.config.system.build.toplevel` and print their store paths, in the same
 * order. Systems that boot need packages beyond the lab's base: `bootable`.
 */
export async function buildArguments(
  flake: 'lab-systems' | 'vm-systems',
  outputs: readonly string[],
  { bootable = false } = {},
): Promise<string[]> {
  const bases = [await ensureLabBase(), ...(bootable ? [await ensureLabImageBase()] : [])];
  const overrides = bases.flatMap(({ overrideInputs }) => Object.entries(overrideInputs));
  return [
    ...['build', '--extra-experimental-features', 'nix-command flakes', '--no-link', '--print-out-paths'],
    ...['--override-input', 'lab', `path:${join(project, 'nix/lab')}`],
    ...overrides.flatMap(([name, reference]) => ['--override-input', `lab/${name}`, reference]),
    ...outputs.map(
      (output) => `path:${join(project, 'tests/fixtures', flake)}#nixosConfigurations.${output}`,
    ),
  ];
}

/** Builds systems of tests/fixtures/lab-systems, and returns their store paths by name. */
export async function labSystems(names: readonly string[]): Promise<Record<string, string>> {
  const built = await run('nix', await buildArguments('lab-systems', names.map(toplevel)), {
    timeoutSeconds: 600,
  });
  const paths = built.stdout.trim().split('\n');
  return Object.fromEntries(names.map((name, index) => [name, paths[index] ?? '']));
}

/** Builds outputs of tests/fixtures/vm-systems, and returns their store paths in the same order. */
export async function vmSystems(outputs: readonly string[]): Promise<string[]> {
  const built = await run('nix', await buildArguments('vm-systems', outputs, { bootable: true }), {
    timeoutSeconds: 1800,
  });
  return built.stdout.trim().split('\n');
}
