import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What package.json says of the package. */
export interface Manifest {
  version: string;
  description: string;
  license: string;
  keywords?: string[];
  homepage?: string;
  repository?: string | { url: string };
}

/** package.json, which lies above this file: at other depths in the sources and when compiled. */
export function manifest(): Manifest {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

export function packageVersion(): string {
  return manifest().version;
}
