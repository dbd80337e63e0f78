/** A machine whose scripts run in this computer's shell, with its own folders for what nixos-fleet keeps. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine } from '../../../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../../../lib/machine/ssh/machine-at.ts';
import { connection } from '../../../../schema/connection.ts';

export class LocalMachine {
  readonly folder = mkdtempSync(join(tmpdir(), 'machine-'));
  readonly machine: Machine;
  /** Reported as its machine-id. */
  machineId = '0'.repeat(32);

  constructor(shell = 'sh') {
    for (const name of ['bin', 'etc', 'var', 'run']) mkdirSync(join(this.folder, name));
    this.machine = {
      ...machineAt('here', connection.parse({ address: '192.0.2.1' })),
      run: async (script) => {
        writeFileSync(join(this.folder, 'etc', 'machine-id'), `${this.machineId}\n`);
        const { stdout, stderr, status } = spawnSync(shell, ['-s'], {
          input: this.#inside(String(script)),
          encoding: 'utf8',
          env: { ...process.env, PATH: `${join(this.folder, 'bin')}:${process.env.PATH}` },
        });
        return { stdout, stderr, exitCode: status ?? -1 };
      },
    };
  }

  /** A program on its PATH. */
  program(name: string, script: string): void {
    const file = join(this.folder, 'bin', name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #inside(script: string): string {
    return script
      .replaceAll('/etc/machine-id', join(this.folder, 'etc/machine-id'))
      .replaceAll('/var/lib/nixos-fleet', join(this.folder, 'var'))
      .replaceAll('/run/current-system', join(this.folder, 'run/current-system'))
      .replaceAll('/run/nixos-fleet', join(this.folder, 'run'))
      .replaceAll('/nix/var/nix/gcroots', join(this.folder, 'gcroots'));
  }
}
