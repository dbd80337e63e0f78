import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** The scripts under test. */
export const setup = join(import.meta.dirname, '../../../setup');

/** The version of Pulumi that the set-up installs. */
export const pulumiVersion = /^pulumi_version=(.*)$/m.exec(
  readFileSync(join(setup, 'lib/pulumi.sh'), 'utf8'),
)?.[1];

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A computer of its own for the set-up: an empty home, an empty cache, and a PATH with nothing but what is put there. */
export class Sandbox {
  readonly root: string;
  readonly home: string;
  readonly cache: string;
  readonly bin: string;
  readonly environment: Record<string, string>;

  private constructor(root: string) {
    this.root = root;
    this.home = join(root, 'home');
    this.cache = join(root, 'cache', 'nixos-fleet', 'v1');
    this.bin = join(root, 'bin');
    this.environment = {
      HOME: this.home,
      XDG_CACHE_HOME: join(root, 'cache'),
      PATH: `${this.bin}:/usr/bin:/bin`,
      NIXOS_FLEET_OFFLINE: '1',
      // No release of a test has a recorded checksum.
      NIXOS_FLEET_RELEASE_SUMS: '/dev/null',
      NIXOS_FLEET_NIX_ROOT: join(root, 'nix'),
      LC_ALL: 'C',
    };
  }

  static async create(t: TestContext): Promise<Sandbox> {
    const sandbox = new Sandbox(await mkdtemp(join(tmpdir(), 'nixos-fleet-setup-')));
    await mkdir(sandbox.home);
    await mkdir(sandbox.bin);
    t.after(() => rm(sandbox.root, { recursive: true, force: true }));
    return sandbox;
  }

  /** Puts a program on the PATH (or in another folder). */
  async program(name: string, script: string, folder = this.bin): Promise<string> {
    await mkdir(folder, { recursive: true });
    const file = join(folder, name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    return file;
  }

  /** Runs shell code after sourcing setup/lib's files. */
  sh(libraries: string[], code: string, environment: Record<string, string> = {}): Promise<Result> {
    const sources = libraries.map((name) => `. '${setup}/lib/${name}.sh'\n`).join('');
    return this.run('/bin/sh', ['-euc', `setup='${setup}'\n${sources}${code}`], environment);
  }

  async run(command: string, args: string[], environment: Record<string, string> = {}): Promise<Result> {
    return this.start(command, args, environment).result;
  }

  start(command: string, args: string[], environment: Record<string, string> = {}) {
    const child = spawn(command, args, {
      cwd: this.root,
      env: { ...this.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const result: Result = { code: null, stdout: '', stderr: '' };
    const watchers: (() => void)[] = [];
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      result.stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      result.stderr += chunk;
      for (const watcher of watchers) watcher();
    });
    const ended = new Promise<Result>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ ...result, code }));
    });
    return {
      child,
      result: ended,
      /** Resolves when stderr holds the text; rejects when the process ends without it. */
      says: (text: string) =>
        new Promise<void>((resolve, reject) => {
          const look = () => {
            if (result.stderr.includes(text)) resolve();
          };
          watchers.push(look);
          look();
          void ended.then(() => reject(new Error(`it never said ${text}: ${result.stderr}`)));
        }),
    };
  }
}

/** A web server on the loopback interface; returns its address. */
export async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
