import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { lockFlake } from '../../lib/store/nix/flake.ts';
import { nix } from '../../lib/store/nix/nix.ts';
import { inMemory, nixpkgsRef, skip } from './nixpkgs.ts';

const examples = join(import.meta.dirname, '../../examples');

/** Of each machine: its system, and the images and the virtual machine that the stacks of the examples use. */
// Machines that differ by their name alone are evaluated once.
const apply = `configurations: builtins.mapAttrs (name: { config, ... }: map (each: each.drvPath) (
  [ config.system.build.toplevel ]
  ++ (if name == "node" then [ config.system.build.images.raw-efi ] else [ ])
  ++ (if name == "dev" then [ config.system.build.images.qemu-efi ] else [ ])
)) (removeAttrs configurations [ "web2" "web3" "web4" "web5" "web6" ])`;

describe('the examples with a real nixpkgs', { skip }, () => {
  for (const file of globSync('*/*/flake.nix', { cwd: examples })) {
    const text = readFileSync(join(examples, file), 'utf8');
    const others = [...text.matchAll(/inputs\.([\w-]+)\.url/g)].filter(([, input]) => input !== 'nixpkgs');
    const needs = others.map(([, input]) => input).join(', ');
    // Inputs that only a network has; colmena’s nodes come through it.
    test(`${file} evaluates`, { skip: needs === 'colmena' && 'needs colmena' }, async () => {
      const folder = dirname(join(examples, file));
      const stub = `path:${join(import.meta.dirname, '../fixtures/examples/deploy-rs')}`;
      const overrideInputs = {
        nixpkgs: nixpkgsRef ?? '',
        ...(needs ? { [needs]: stub } : {}),
      };
      const { flakeRef, overrides } = await lockFlake({
        flake: `path:${folder}`,
        baseDirectory: folder,
        overrideInputs,
      });
      const { exitCode, stdout, stderr } = await nix(
        [
          'eval',
          '--json',
          '--no-eval-cache',
          `${flakeRef}#nixosConfigurations`,
          '--apply',
          apply,
          ...overrides,
          ...inMemory,
        ],
        { timeoutSeconds: 600 },
      );
      assert.equal(exitCode, 0, stderr);
      const systems = Object.values(JSON.parse(stdout) as Record<string, string[]>).flat();
      assert.ok(systems.length > 0);
      for (const drvPath of systems) assert.match(drvPath, /\.drv$/);
      assert.doesNotMatch(stderr, /evaluation warning/);
    });
  }
});
