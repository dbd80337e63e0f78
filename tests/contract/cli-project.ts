import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunResult, runToEnd } from '../../lib/base/process/run.ts';
import { isProviderType } from '../../schema/component-types.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Declared {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  dependsOn?: string[];
  import?: string;
}

export interface RecordedResource {
  urn: string;
  id: string;
  type: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  initErrors?: string[];
}

interface Interrupted {
  exitCode: number | null;
  text: string;
}

/** Environment for a flake whose builds need programs of this computer, as those of the recorded one do. */
export const unsandboxed = { NIX_CONFIG: 'sandbox = false' };

/** A Pulumi project in a temporary folder, with its own state, that uses the provider by its path. */
export class CliProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'provider-cli-'));
  readonly env: Record<string, string | undefined>;

  constructor(env: Record<string, string> = {}) {
    cpSync(join(root, 'tests/fixtures/provider-program/index.ts'), join(this.folder, 'index.ts'));
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
    mkdirSync(join(this.folder, 'backend'));
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module", "main": "index.ts" }');
    writeFileSync(
      join(this.folder, 'Pulumi.yaml'),
      JSON.stringify({
        name: 'fleet',
        main: 'index.ts',
        runtime: { name: 'nodejs', options: { typescript: false } },
        plugins: { providers: [{ name: 'nixos', path: join(root, 'provider') }] },
      }),
    );
    this.env = {
      PULUMI_BACKEND_URL: `file://${this.folder}/backend`,
      PULUMI_CONFIG_PASSPHRASE: '',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_HOME: join(this.folder, 'home'),
      XDG_STATE_HOME: join(this.folder, 'state'),
      NO_COLOR: '1',
      ...env,
    };
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  /** Sets a variable of the environment in which everything runs. */
  setVariable(name: string, value: string): void {
    this.env[name] = value;
  }

  declare(resources: Declared[]): void {
    writeFileSync(join(this.folder, 'resources.json'), JSON.stringify(resources));
  }

  /** Runs `pulumi`; `text` has both streams. */
  pulumi(...args: string[]): Promise<RunResult & { text: string }> {
    return this.follow(() => {}, ...args);
  }

  /** Runs `pulumi` and passes on each line. */
  async follow(onLine: (line: string) => void, ...args: string[]): Promise<RunResult & { text: string }> {
    const result = await runToEnd('pulumi', [...args, '--non-interactive'], {
      cwd: this.folder,
      env: this.env,
      timeoutSeconds: 180,
      onStdoutLine: onLine,
    });
    return { ...result, text: `${result.stdout}${result.stderr}` };
  }

  /** Runs a command of this package in the project, like its npm script. */
  async node(program: string, ...args: string[]): Promise<RunResult & { text: string }> {
    const options = { cwd: this.folder, env: this.env, timeoutSeconds: 180 };
    const result = await runToEnd(process.execPath, [join(root, program), ...args], options);
    return { ...result, text: `${result.stdout}${result.stderr}` };
  }

  /** Runs `pulumi`, and interrupts it like Ctrl-C after a line that matches. */
  interrupt(fits: RegExp, ...args: string[]): Promise<Interrupted> {
    return this.#interrupted(fits, 'pulumi', [...args, '--non-interactive']);
  }

  /** Runs a command of this package, and interrupts it like Ctrl-C after a line that matches. */
  interruptNode(fits: RegExp, program: string, ...args: string[]): Promise<Interrupted> {
    return this.#interrupted(fits, process.execPath, [join(root, program), ...args]);
  }

  async #interrupted(fits: RegExp, command: string, args: string[]): Promise<Interrupted> {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    let interrupted = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (!interrupted && fits.test(text)) interrupted = child.kill('SIGINT');
      });
    }
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { exitCode, text };
  }

  async recorded(): Promise<RecordedResource[]> {
    const { stdout } = await this.pulumi('stack', 'export');
    const { deployment } = JSON.parse(stdout) as { deployment: { resources?: RecordedResource[] } };
    return (deployment.resources ?? []).filter(({ type }) => isProviderType(type));
  }

  /** A provider of another package version, to test an upgrade. */
  upgrade(version: string): void {
    const copy = join(this.folder, 'upgraded');
    for (const part of ['provider', 'lib', 'schema', 'nix', 'package.json']) {
      cpSync(join(root, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const manifest = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
    writeFileSync(join(copy, 'package.json'), JSON.stringify({ ...manifest, version }));
    const project = JSON.parse(readFileSync(join(this.folder, 'Pulumi.yaml'), 'utf8'));
    project.plugins.providers[0].path = join(copy, 'provider');
    writeFileSync(join(this.folder, 'Pulumi.yaml'), JSON.stringify(project));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
