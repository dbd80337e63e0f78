import { copyFileSync, cpSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { condensingHash, condensingHashFile } from '../lib/evaluation/facts-expression.ts';
import { root } from './project.ts';

/**
 * Writes into a bundle's folder what its modules read: scripts, Nix files and the set-up, at their places in the project.
 * @param packages the folders of the packages in the bundle, whose licences are written, too
 */
export function writeBesideBundle(folder: string, packages: readonly string[]): void {
  for (const file of globSync('lib/**/*.sh', { cwd: root })) copyToBundle(folder, file);
  mkdirSync(join(folder, 'lib/evaluation'), { recursive: true });
  writeFileSync(join(folder, 'lib/evaluation', condensingHashFile), condensingHash());
  for (const part of ['nix', 'setup']) cpSync(join(root, part), join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'LICENSES-OF-PACKAGES'), [...new Set(packages)].sort().map(licence).join('\n'));
}

/** @param to the place below the folder; by default that in the project */
export function copyToBundle(folder: string, file: string, to = file): void {
  mkdirSync(dirname(join(folder, to)), { recursive: true });
  copyFileSync(join(root, file), join(folder, to));
}

/** The licence of a package that is part of the bundle. */
function licence(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const texts = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  return [
    `${name} ${version}: ${license}`,
    ...texts.map((file) => readFileSync(join(root, folder, file), 'utf8')),
  ].join('\n\n');
}
