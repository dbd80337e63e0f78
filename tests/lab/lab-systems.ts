/** Real lab systems with or without faults, from the fixtures' flake. */
import { join, resolve } from 'node:path';
import { run } from '../../lib/base/process/run.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';

const project = resolve(import.meta.dirname, '../..');

/** Builds systems of tests/fixtures/lab-systems, and returns their store paths by name. */
export async function labSystems(names: readonly string[]): Promise<Record<string, string>> {
  const { overrideInputs } = await ensureLabBase();
  const flake = `path:${join(project, 'tests/fixtures/lab-systems')}`;
  const inputs = ['--override-input', 'lab', `path:${join(project, 'nix/lab')}`];
  for (const [name, reference] of Object.entries(overrideInputs)) {
    inputs.push('--override-input', `lab/${name}`, reference);
  }
  const wanted = names.map((name) => `${flake}#nixosConfigurations.${name}.config.system.build.toplevel`);
  const flags = ['--extra-experimental-features', 'nix-command flakes', '--no-link', '--print-out-paths'];
  const built = await run('nix', ['build', ...flags, ...inputs, ...wanted], { timeoutSeconds: 600 });
  const paths = built.stdout.trim().split('\n');
  return Object.fromEntries(names.map((name, index) => [name, paths[index] ?? '']));
}
