/** A copy of the project with a stack of its own, driven by the real Pulumi CLI. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineNamed } from '../../commands/console/virtual-machines.ts';
import { parseExport } from '../../commands/exported-stack.ts';
import type { MachineSummary } from '../../components/fleet.ts';
import { type Recorded, record } from '../../docs/recordings/record.ts';
import { lastLines } from '../../lib/base/background.ts';
import { type RunResult, run, runToEnd } from '../../lib/base/process/run.ts';
import type { RunOptions } from '../../lib/base/process/start.ts';
import { plain } from '../../lib/local/vm/console.ts';
import type { Machine as RemoteMachine } from '../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import type { LiveState } from '../../schema/deployment.ts';
import { scriptFunctions } from './guides.ts';
import { inTerminal } from './terminal.ts';

const project = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export interface TestStackOptions {
  stack: string;
  /** First three bytes of the lab's network: '10.213.21'. */
  network: string;
  /** The config key lab.system: by default not what this computer's caches decide. */
  system?: 'auto' | 'imitation';
}

/** How a running program is followed and interrupted. */
type Followed = Pick<RunOptions, 'signal' | 'onStdoutLine'> & { timeoutSeconds?: number };

export type Machine = MachineSummary;
export type Live = LiveState;

/** Output of a command; `text` has both streams. */
export type Shown = RunResult & { text: string };

/** The dev stack's three containers, without its virtual machine. */
const containers = (network: string, system: 'auto' | 'imitation'): string => `config:
  nixos-fleet:flake: ./nix/lab
  nixos-fleet:lab:
    system: ${system}
    network: ${network}.0/24
  nixos-fleet:hosts:
    web:
      lab: true
      address: ${network}.11
    db:
      lab: true
      address: ${network}.12
    edge:
      lab: true
      address: ${network}.13
`;

export class TestStack {
  readonly folder: string;
  readonly stack: string;
  readonly network: string;
  readonly #env: Record<string, string>;

  private constructor(folder: string, { stack, network }: TestStackOptions) {
    this.folder = folder;
    this.stack = stack;
    this.network = network;
    this.#env = {
      PULUMI_BACKEND_URL: `file://${folder}/backend`,
      PULUMI_CONFIG_PASSPHRASE: '',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      XDG_STATE_HOME: `${folder}/state`,
      NO_COLOR: '1',
    };
  }

  static async create(options: TestStackOptions): Promise<TestStack> {
    const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-test-'));
    const files = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
      cwd: project,
      timeoutSeconds: 60,
    });
    for (const file of files.stdout.split('\0').filter(Boolean)) {
      cpSync(join(project, file), join(folder, 'project', file), { recursive: true });
    }
    symlinkSync(join(project, 'node_modules'), join(folder, 'project/node_modules'));
    const stack = new TestStack(folder, options);
    stack.write('../backend/.keep', '');
    stack.write(`Pulumi.${options.stack}.yaml`, containers(options.network, options.system ?? 'imitation'));
    await stack.pulumi('stack', 'init', options.stack);
    return stack;
  }

  read(path: string): string {
    return readFileSync(join(this.folder, 'project', path), 'utf8');
  }

  write(path: string, content: string): void {
    const file = join(this.folder, 'project', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** Replaces the stack's configuration. Keys are without `nixos-fleet:`. */
  configure(config: object): void {
    const keys = Object.entries(config).map(([key, value]) => [`nixos-fleet:${key}`, value]);
    // YAML includes JSON.
    this.write(`Pulumi.${this.stack}.yaml`, JSON.stringify({ config: Object.fromEntries(keys) }));
  }

  /** Replaces a text everywhere in the file. Throws if the file lacks it, unless `optional`. */
  edit(path: string, from: string, to: string, optional = false): void {
    const before = this.read(path);
    if (!optional && !before.includes(from)) throw new Error(`${path} does not contain ${from}`);
    this.write(path, before.replaceAll(from, to));
  }

  /** Runs `body` with an edited file, then restores the file. */
  async withEdit<T>(path: string, from: string, to: string, body: () => Promise<T>): Promise<T> {
    const before = this.read(path);
    this.edit(path, from, to);
    try {
      return await body();
    } finally {
      this.write(path, before);
    }
  }

  /** Runs pulumi in the copy; does not throw for an exit code. */
  async try(...args: string[]): Promise<Shown> {
    const result = await runToEnd('pulumi', [...args, '--non-interactive'], {
      cwd: join(this.folder, 'project'),
      env: this.#env,
      timeoutSeconds: 2400,
    });
    return { ...result, text: result.stdout + result.stderr };
  }

  /** Runs pulumi in the copy, and interrupts it once its output matches. Returns when it has ended. */
  interrupted(args: string[], when: RegExp): Promise<string> {
    return this.#interrupted('pulumi', [...args, '--non-interactive'], when);
  }

  /** The same of a program of the project. */
  interruptedNode(program: string, args: string[], when: RegExp): Promise<string> {
    return this.#interrupted(process.execPath, [program, ...args], when);
  }

  async #interrupted(command: string, args: string[], when: RegExp): Promise<string> {
    const running = spawn(command, args, {
      cwd: join(this.folder, 'project'),
      env: { ...process.env, ...this.#env },
    });
    let text = '';
    let isSent = false;
    for (const stream of [running.stdout, running.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (isSent || !when.test(text)) return;
        isSent = true;
        running.kill('SIGINT');
      });
    await once(running, 'close');
    if (!isSent) throw new Error(`${args.join(' ')} ended before it showed ${when}:\n${text}`);
    return text;
  }

  /** Runs pulumi in the copy; throws if it fails. */
  async pulumi(...args: string[]): Promise<Shown> {
    const shown = await this.try(...args);
    if (shown.exitCode === 0) return shown;
    const consoles = await this.consoles();
    throw new Error(
      [`pulumi ${args.join(' ')} ended with ${shown.exitCode}:`, shown.text, ...consoles].join('\n'),
    );
  }

  /** The end of each virtual machine's console. */
  async consoles(): Promise<string[]> {
    const files = globSync(join(this.folder, 'state/nixos-fleet/vm', this.stack, '*/console.log'));
    return await Promise.all(
      files.map(async (file) => {
        return `console of ${basename(dirname(file))}:\n${plain(await lastLines(file, 100))}`;
      }),
    );
  }

  /** Runs a program of the project in a terminal, like its npm script. */
  inTerminal(program: string, args: string[]): Promise<Shown> {
    const cwd = join(this.folder, 'project');
    return inTerminal([process.execPath, program, ...args], { cwd, env: this.#env, timeoutSeconds: 2400 });
  }

  /** Runs a program of the project in the copy, like its npm script. */
  async node(program: string, args: string[], input = '', more: Followed = {}): Promise<Shown> {
    const cwd = join(this.folder, 'project');
    const options = { cwd, env: this.#env, input, timeoutSeconds: 300, ...more };
    const result = await runToEnd(process.execPath, [program, ...args], options);
    return { ...result, text: result.stdout + result.stderr };
  }

  /** Runs a line of a guide by a shell in the copy, without a terminal. */
  async shell(line: string): Promise<Shown> {
    const cwd = join(this.folder, 'project');
    const options = { cwd, env: this.#env, timeoutSeconds: 300 };
    const result = await runToEnd('sh', ['-c', `${scriptFunctions()}${line}`], options);
    return { ...result, text: result.stdout + result.stderr };
  }

  /** Makes a recording of the docs, or compares it. `nixos-fleet` in its lines is that of the project. */
  record(name: string, title: string, lines: readonly string[]): Promise<Recorded> {
    return record({ name, title, lines, cwd: join(this.folder, 'project'), env: this.#env });
  }

  up = () => this.pulumi('up', '--yes', '--diff', '--skip-preview');
  preview = () => this.pulumi('preview', '--diff');

  /** The stack's output `machines`. */
  async output(): Promise<Record<string, Machine>> {
    return JSON.parse((await this.pulumi('stack', 'output', '--json')).stdout).machines;
  }

  /** Live systems in the state. Unlike the stack's output, a refresh and a failed `up` change them. */
  async live(stack = this.stack): Promise<Record<string, Live>> {
    const { deployment } = await this.exportState(stack);
    return Object.fromEntries(
      deployment.resources
        .filter(({ type }) => type === 'nixos:index:Deployment')
        .map(({ urn, outputs }) => [urn.replace(/.*::/, ''), outputs.live as Live]),
    );
  }

  /** The connection to a machine in the state. */
  async connection(machine: string): Promise<{ address: string; hostKey: string; identityFile: string }> {
    const { deployment } = await this.exportState();
    const resource = deployment.resources.find(
      ({ type, urn }) => type === 'nixos:index:Deployment' && urn.endsWith(`::${machine}`),
    );
    if (!resource) throw new Error(`the state has no deployment of ${machine}`);
    return resource.inputs.connection as never;
  }

  /** Runs a script on a machine as root by plain ssh, outside of the stack. */
  async ssh(machine: string, script: string): Promise<string> {
    const { address, identityFile } = await this.connection(machine);
    const options = [
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'LogLevel=ERROR',
    ];
    const args = ['-i', identityFile, ...options, `root@${address}`, 'sh -s'];
    return (await run('ssh', args, { input: script, timeoutSeconds: 120 })).stdout;
  }

  /** A virtual machine of the stack. Without KVM its sshd may take a minute to answer. */
  async virtualMachine(name: string): Promise<RemoteMachine> {
    const { connection } = machineNamed(parseExport(JSON.stringify(await this.exportState())), name);
    return machineAt(name, { ...connection, connectTimeoutSeconds: 60 });
  }

  /** Runs a script on a virtual machine as root, over a new connection. */
  async onVirtualMachine(name: string, script: string): Promise<RunResult> {
    const machine = await this.virtualMachine(name);
    return await machine.run(script, { fresh: true, timeoutSeconds: 120 });
  }

  /** Deletes a machine's deployment from the state and imports it again. */
  async loseAndImport(machine: string): Promise<void> {
    const { address, identityFile, hostKey } = await this.connection(machine);
    const { deployment } = await this.exportState();
    const type = 'nixos:index:Deployment';
    const lost = deployment.resources.find((each) => each.type === type && each.urn.endsWith(`::${machine}`));
    if (!lost) throw new Error(`the state has no deployment of ${machine}`);
    await this.pulumi('state', 'delete', lost.urn, '--yes', '--force');
    const id = `ssh://root@${address}?${new URLSearchParams({ identityFile, hostKey }).toString().replaceAll('+', '%20')}`;
    const options = ['--yes', '--skip-preview', '--generate-code=false', '--protect=false'];
    await this.pulumi('import', type, machine, id, ...options);
  }

  /** Deletes a machine's system and its root from this computer's Nix store. */
  async forgetClosure(machine: string, system: string): Promise<void> {
    rmSync(join(this.folder, `state/nixos-fleet/gcroots/nixos-fleet-${this.stack}-system-${machine}`));
    await run('nix-store', ['--delete', system], { timeoutSeconds: 60 });
  }

  async exportState(stack = this.stack): Promise<{ deployment: { resources: StateResource[] } }> {
    return JSON.parse((await this.pulumi('stack', 'export', '--stack', stack)).stdout);
  }

  /** Destroys the stack and deletes its folder. */
  async remove(): Promise<void> {
    await this.pulumi('destroy', '--yes', '--skip-preview');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  custom: boolean;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}
