/** Systems of tests/fixtures/vm-systems, and disk images of them. */
import { join, resolve } from 'node:path';
import { run } from '../../lib/base/process/run.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { ensureLabImageBase } from '../../lib/local/lab/image-base.ts';

const project = resolve(import.meta.dirname, '../..');

/** Builds outputs such as `base.config.system.build.toplevel`, and returns their store paths in the same order. */
export async function buildVmSystems(attributes: readonly string[]): Promise<string[]> {
  const inputs = ['--override-input', 'lab', `path:${join(project, 'nix/lab')}`];
  for (const { overrideInputs } of [await ensureLabBase(), await ensureLabImageBase()]) {
    for (const [name, reference] of Object.entries(overrideInputs)) {
      inputs.push('--override-input', `lab/${name}`, reference);
    }
  }
  const flake = `path:${join(project, 'tests/fixtures/vm-systems')}`;
  const wanted = attributes.map((attribute) => `${flake}#nixosConfigurations.${attribute}`);
  const flags = ['--extra-experimental-features', 'nix-command flakes', '--no-link', '--print-out-paths'];
  const built = await run('nix', ['build', ...flags, ...inputs, ...wanted], { timeoutSeconds: 1800 });
  return built.stdout.trim().split('\n');
}
