import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Versions } from './versions.ts';

/** The project's folder. */
export const root = join(import.meta.dirname, '..');

export const readText = (file: string) => readFileSync(join(root, file), 'utf8');

export const templates = globSync('templates/*/package.json', { cwd: root }).sort();

export function readVersions(): Versions {
  const json = (file: string) => JSON.parse(readText(file));
  return {
    version: json('package.json').version,
    lock: json('package-lock.json').version,
    templates: Object.fromEntries(templates.map((file) => [file, json(file).dependencies['nixos-fleet']])),
    changelog: readText('CHANGELOG.md'),
  };
}
