/** A flake in place of nixpkgs for nix/lab/nixos, whose NixOS has Debian's packages (tests/fixtures/real-nixpkgs.nix). */
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { debianSources, given } from './real-systems.ts';

const fixture = resolve(import.meta.dirname, '../fixtures/real');

/** Writes the flake into an empty folder, and returns its reference. */
export async function nixosFlake(folder: string): Promise<string> {
  const { debs, busybox, switchToConfiguration } = await debianSources();
  await mkdir(folder, { recursive: true });
  const text = await readFile(join(fixture, '../real-nixpkgs.nix'), 'utf8');
  await writeFile(
    join(folder, 'flake.nix'),
    text.replace('@nixpkgs@', given('NIXPKGS')).replace('@debs@', debs),
  );
  await cp(fixture, join(folder, 'real'), { recursive: true });
  await cp(busybox, join(folder, 'real-busybox'), { recursive: true });
  await copyFile(switchToConfiguration, join(folder, 'switch-to-configuration'));
  return `path:${folder}`;
}
