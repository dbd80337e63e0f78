/** Minimal systems for tests, as real store paths, with faults that a test chooses. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../lib/base/process/run.ts';

const parts = new URL('./fixture-system/', import.meta.url).pathname;

/** Shell scripts that run on the machine in a step of switch-to-configuration. */
export interface Hooks {
  check?: string;
  test?: string;
  boot?: string;
  /** Contents of additional files by name. */
  files?: Record<string, string>;
}

/** Adds a system to this computer's store and returns its path. */
export async function fixtureSystem(name: string, { files, ...hooks }: Hooks = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-system-'));
  try {
    const system = join(folder, `nixos-system-${name}`);
    mkdirSync(join(system, 'bin'), { recursive: true });
    cpSync(join(parts, 'switch-to-configuration'), join(system, 'bin/switch-to-configuration'));
    cpSync(join(parts, 'init'), join(system, 'init'));
    writeFileSync(join(system, 'nixos-version'), `${name}\n`);
    for (const [step, lines] of Object.entries(hooks))
      writeFileSync(join(system, `on-${step}`), `${lines}\n`);
    for (const [file, content] of Object.entries(files ?? {})) writeFileSync(join(system, file), content);
    return (await run('nix-store', ['--add', system], { timeoutSeconds: 60 })).stdout.trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
