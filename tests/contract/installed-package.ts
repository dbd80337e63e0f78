import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunResult, run, runToEnd } from '../../lib/base/process/run.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

/** The packed package, installed by npm into an empty project; other projects share its packages. */
export class InstalledPackage {
  readonly folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-package-'));
  readonly modules = join(this.folder, 'installed/node_modules');
  /** A flake in place of nixpkgs, whose machine has the shape of a real one. */
  readonly nixpkgs = join(this.folder, 'nixpkgs');
  readonly home = join(this.folder, 'home');
  readonly env = {
    PULUMI_BACKEND_URL: `file://${this.folder}/backend`,
    PULUMI_CONFIG_PASSPHRASE: '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_HOME: this.home,
    NO_COLOR: '1',
  };

  get packed(): string {
    return join(this.folder, readdirSync(this.folder).find((file) => file.endsWith('.tgz')) ?? '');
  }

  async install(): Promise<void> {
    for (const folder of ['backend', 'installed']) mkdirSync(join(this.folder, folder));
    await run('npm', ['pack', '--silent', '--pack-destination', this.folder], {
      cwd: root,
      timeoutSeconds: 300,
    });
    this.#writeLock(join(this.folder, 'installed'));
    await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], {
      cwd: join(this.folder, 'installed'),
      env: this.env,
      timeoutSeconds: 300,
    });
    cpSync(join(root, 'bench/flake'), join(this.nixpkgs, 'machine'), { recursive: true });
    writeFileSync(
      join(this.nixpkgs, 'flake.nix'),
      `{
        outputs = _: {
          lib.nixosSystem = { modules, ... }:
            builtins.seq (import (builtins.head modules)).system.stateVersion
              ((import ./machine/flake.nix).outputs { }).nixosConfigurations.host0;
        };
      }`,
    );
  }

  /** A project with the versions of this repository, so that npm finds them in its cache. */
  #writeLock(folder: string): void {
    const locked = readJson(join(root, 'package-lock.json')).packages as Record<
      string,
      Record<string, unknown>
    >;
    const { version, bin, dependencies, optionalDependencies } = readJson(join(root, 'package.json'));
    const resolved = `file:${this.packed}`;
    const needed = {
      '@pulumi/pulumi': locked['node_modules/@pulumi/pulumi']?.version,
      'nixos-fleet': resolved,
    };
    const packages = {
      '': { name: 'empty', dependencies: needed },
      'node_modules/nixos-fleet': {
        ...{ version, resolved, bin, dependencies, optionalDependencies },
        hasInstallScript: true,
      },
      ...Object.fromEntries(
        Object.entries(locked).filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional),
      ),
    };
    const write = (file: string, value: object) => writeFileSync(join(folder, file), JSON.stringify(value));
    write('package.json', { name: 'empty', private: true, type: 'module', dependencies: needed });
    write('package-lock.json', { name: 'empty', lockfileVersion: 3, requires: true, packages });
  }

  /** An empty project with these files. */
  project(name: string, files: Readonly<Record<string, string>> = {}): string {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    this.link(folder);
    return folder;
  }

  /** Gives a project the installed packages. */
  link(folder: string): void {
    symlinkSync(this.modules, join(folder, 'node_modules'));
  }

  /** Runs `pulumi` in a project; `text` has both streams. */
  async pulumi(cwd: string, ...args: string[]): Promise<RunResult & { text: string }> {
    const result = await runToEnd('pulumi', [...args, '--non-interactive'], {
      cwd,
      env: this.env,
      timeoutSeconds: 300,
    });
    return { ...result, text: `${result.stdout}${result.stderr}` };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
