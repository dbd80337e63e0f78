/** Flakes of many machines, each with a file of its own: `hosts/NAME.nix`, which may import `common.nix`. */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { FleetRequest } from '../lib/evaluation/types.ts';
import { ensureLabBase } from '../lib/local/lab/base.ts';
import { nixString } from '../lib/store/nix/eval.ts';

type Fleet = Pick<FleetRequest, 'flake' | 'baseDirectory' | 'overrideInputs'>;

/**
 * Writes a flake for these machines into a new folder, without the files of `hosts`: machines of the nixpkgs in a Git work tree, or of the
 * lab, which are evaluated in 10 ms.
 */
export async function writeFleet(folder: string, names: readonly string[], nixpkgs?: string): Promise<Fleet> {
  const overrideInputs = nixpkgs ? await writeNixos(folder, names, nixpkgs) : await writeLab(folder);
  await mkdir(join(folder, 'hosts'));
  return { flake: folder, baseDirectory: folder, overrideInputs };
}

async function writeLab(folder: string): Promise<Record<string, string>> {
  const lab = resolve(import.meta.dirname, '../nix/lab');
  const nixos = join(folder, '../no-nixos');
  await cp(lab, folder, { recursive: true });
  await rm(join(folder, 'hosts'), { recursive: true });
  await cp(join(lab, 'hosts/web.nix'), join(folder, 'common.nix'));
  // An input that is a flake in the tree itself is not observed.
  await cp(join(folder, 'no-nixos'), nixos, { recursive: true });
  return { ...(await ensureLabBase()).overrideInputs, nixos: `path:${nixos}` };
}

async function writeNixos(
  folder: string,
  names: readonly string[],
  tree: string,
): Promise<Record<string, string>> {
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'flake.nix'),
    `{
      inputs.nixpkgs.url = "git+file://${tree}";
      outputs = { nixpkgs, ... }: {
        nixosConfigurations = nixpkgs.lib.genAttrs [ ${names.map(nixString).join(' ')} ] (
          name: nixpkgs.lib.nixosSystem { modules = [ (./hosts + "/\${name}.nix") ]; }
        );
      };
    }\n`,
  );
  await writeFile(
    join(folder, 'common.nix'),
    `{
      nixpkgs.hostPlatform = "x86_64-linux";
      boot.loader.systemd-boot.enable = true;
      fileSystems."/".device = "/dev/disk/by-label/nixos";
      fileSystems."/".fsType = "ext4";
      services.openssh.enable = true;
      system.stateVersion = "26.05";
    }\n`,
  );
  return {};
}
