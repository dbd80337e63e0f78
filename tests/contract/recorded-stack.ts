/** Recorded stacks of earlier code (tests/fixtures/recorded), previewed by the current program. */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runToEnd } from '../../lib/base/process/run.ts';
import type { RecordedResource } from './cli-project.ts';

const root = join(import.meta.dirname, '../..');
const fixtures = join(root, 'tests/fixtures/recorded');

type Name = 'fleet' | 'disks' | 'lab';

/** A preview's step for one resource. */
export interface Step {
  op: string;
  urn: string;
  detailedDiff?: Record<string, unknown> | null;
}

/** Resources in a stack's state, without the provider, which no program declares. */
export function recordedResources(name: Name): RecordedResource[] {
  const { deployment } = JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8'));
  return (deployment.resources as RecordedResource[]).filter(({ type }) => type !== 'pulumi:providers:nixos');
}

/** An ssh that answers for the machines of a recorded stack, which no longer exist; other commands are refused. */
const ssh = `#!/bin/sh
case $(cat) in
*'exec echo'*) cat "\${0%/*}/../hardware/web.nix" ;;
*) echo 'ssh: connect to host: Connection refused' >&2; exit 255 ;;
esac
`;

export class RecordedStack {
  readonly folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-recorded-'));
  readonly #name: Name;

  constructor(name: Name) {
    this.#name = name;
    for (const part of ['index.ts', 'package.json', 'node_modules']) {
      symlinkSync(join(root, part), join(this.folder, part));
    }
    for (const part of ['flake', 'hardware']) {
      cpSync(join(fixtures, part), join(this.folder, part), { recursive: true });
    }
    const project = readFileSync(join(root, 'Pulumi.yaml'), 'utf8');
    this.write('Pulumi.yaml', project.replaceAll('./provider', join(root, 'provider')));
    this.write(`Pulumi.${name}.yaml`, readFileSync(join(fixtures, `${name}.yaml`), 'utf8'));
    mkdirSync(join(this.folder, 'backend'));
    mkdirSync(join(this.folder, 'bin'));
    this.write('bin/ssh', ssh);
    chmodSync(join(this.folder, 'bin/ssh'), 0o755);
  }

  write(path: string, content: string): void {
    writeFileSync(join(this.folder, path), content);
  }

  /** Replaces a text of the stack's config or of its flake. */
  edit(path: string, from: string, to: string): void {
    const before = readFileSync(join(this.folder, path), 'utf8');
    if (!before.includes(from)) throw new Error(`${path} does not contain ${from}`);
    this.write(path, before.replaceAll(from, to));
  }

  /** Imports the recorded state. */
  async import(): Promise<void> {
    await this.#pulumi('stack', 'init', this.#name);
    await this.#pulumi('stack', 'import', '--file', join(fixtures, `${this.#name}.json`));
  }

  /** Steps for all resources, including unchanged ones. */
  async preview(): Promise<Step[]> {
    return JSON.parse(await this.#pulumi('preview', '--json', '--show-sames')).steps;
  }

  /** A preview's output as people read it, with the debug messages. */
  async debugPreview(): Promise<string> {
    return await this.#pulumi('preview', '--debug');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #pulumi(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runToEnd('pulumi', [...args, '--non-interactive'], {
      cwd: this.folder,
      env: {
        PATH: [join(this.folder, 'bin'), process.env.PATH].join(delimiter),
        PULUMI_BACKEND_URL: `file://${this.folder}/backend`,
        PULUMI_CONFIG_PASSPHRASE: 'recorded',
        PULUMI_SKIP_UPDATE_CHECK: 'true',
        XDG_STATE_HOME: join(this.folder, 'state'),
        NO_COLOR: '1',
      },
      timeoutSeconds: 300,
    });
    if (exitCode !== 0)
      throw new Error(`pulumi ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`);
    return stdout;
  }
}
