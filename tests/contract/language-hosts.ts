import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run, runToEnd } from '../../lib/base/process/run.ts';
import { executable } from './provider-process.ts';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nixos-fleet/v1');

/** Whether the language hosts for YAML and Python are there, or may be built (LANGUAGES=1). */
function areThere(): boolean {
  if (process.env.LANGUAGES) return true;
  const built = existsSync(cache) && readdirSync(cache).some((name) => /^languages-[\d.]+-\d+$/.test(name));
  return (
    built ||
    (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'pulumi-language-yaml')))
  );
}

/** Why tests with other languages are skipped. */
export const withoutLanguages =
  !areThere() && "Pulumi's language hosts are not there; LANGUAGES=1 builds them (Go, 4 GB, some minutes)";

/** Commands with Pulumi's language hosts, and SDKs of the package that they generate. */
export class Languages {
  /** The environment in which Pulumi finds the language hosts. */
  readonly env: Record<string, string>;
  readonly python: string;
  readonly #generators: string;
  readonly #folder: string;

  private constructor(folder: string, path: string, python: string, generators: string) {
    this.env = { PATH: path, PULUMI_PYTHON_CMD: python };
    this.python = python;
    this.#generators = generators;
    this.#folder = folder;
  }

  /** @param folder for the SDKs */
  static async in(folder: string): Promise<Languages> {
    const script = 'printf "%s\\n" "$PATH" "$PULUMI_PYTHON_CMD" "$NIXOS_FLEET_GENERATORS"';
    const languages = new URL('../../setup/languages', import.meta.url).pathname;
    const { stdout } = await run(languages, ['sh', '-c', script], { timeoutSeconds: 1800 });
    const [path = '', python = '', generators = ''] = stdout.split('\n');
    return new Languages(folder, path, python || 'python3', generators);
  }

  /** Runs a command to its end; it must succeed. */
  async succeeds(
    command: string,
    args: string[],
    more: { cwd?: string; env?: object } = {},
  ): Promise<string> {
    const given = { cwd: this.#folder, timeoutSeconds: 900, ...more, env: { ...this.env, ...more.env } };
    const { exitCode, stdout, stderr } = await runToEnd(command, args, given);
    assert.equal(exitCode, 0, stdout + stderr);
    return stdout;
  }

  /** Generates the SDK of a language; returns its folder. */
  async sdk(language: string): Promise<string> {
    const PATH = this.#generators ? `${this.#generators}:${this.env.PATH}` : this.env.PATH;
    const args = ['package', 'gen-sdk', executable, '--language', language, '--out', this.#folder];
    const home = join(this.#folder, 'home');
    const text = await this.succeeds('pulumi', args, { env: { PATH, PULUMI_HOME: home } });
    assert.doesNotMatch(text, /warning|error/i);
    return join(this.#folder, language);
  }

  /** The folder of modules in which the SDK for Python is installed. */
  async pythonModules(): Promise<string> {
    const modules = join(this.#folder, 'modules');
    const how = ['--quiet', '--no-deps', '--no-index', '--no-build-isolation', '--upgrade'];
    await this.succeeds(this.python, [
      '-m',
      'pip',
      'install',
      ...how,
      '--target',
      modules,
      await this.sdk('python'),
    ]);
    return modules;
  }
}
