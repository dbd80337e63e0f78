/** Stacks of the benchmarks: one of the fleet whose machines do not exist, and one of the plain program. */
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from '../lib/base/process/run.ts';

const project = resolve(import.meta.dirname, '..');

interface Step {
  newState: Resource;
}

interface Resource {
  urn: string;
  type: string;
  custom: boolean;
  id?: string;
  provider?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** A stack in a folder of its own, with a backend of its own. */
export class Stack {
  readonly folder: string;
  readonly #backend: string;
  readonly #project: string;
  /** Processor seconds of each preview: pulumi, its program, its providers and nix. */
  readonly processor: number[] = [];

  constructor(folder: string, backend: string, name: string) {
    this.folder = folder;
    this.#backend = backend;
    this.#project = name;
  }

  /** A preview by `npm run fleet`, of the hosts that selectors name or of all. */
  previewFleet = async (selectors?: string) => {
    const on = selectors === undefined ? [] : ['--on', selectors];
    const command = ['commands/fleet/main.ts', 'preview', ...on, '--stack', 'bench'];
    const { stdout } = await this.#run(process.execPath, [...command, '--', '--non-interactive']);
    if (!/unchanged|nothing changes/.test(stdout)) throw new Error(`the preview is not a no-op:\n${stdout}`);
  };

  async pulumi(args: string[], input?: string): Promise<string> {
    return (await this.#run('pulumi', [...args, '--non-interactive'], input)).stdout;
  }

  async #run(command: string, args: string[], input?: string) {
    const env = {
      PULUMI_BACKEND_URL: `file://${this.#backend}`,
      PULUMI_CONFIG_PASSPHRASE: '',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      // Without a network, a shell's pulumi waits 2.5 s for a plugin that nobody needs.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    };
    const options = { cwd: this.folder, env, timeoutSeconds: 900, ...(input ? { input } : {}) };
    return await run(command, args, options);
  }

  preview = async () => {
    const script = 'pulumi preview --expect-no-changes --non-interactive && times >&2';
    const { stdout, stderr } = await this.#run('sh', ['-c', script]);
    if (!/unchanged/.test(stdout)) throw new Error(`the preview is not a no-op:\n${stdout}`);
    // The last line is of the children: 0m1.230s 0m0.310s.
    const [line = ''] = stderr.trim().split('\n').slice(-1);
    const spent = [...line.matchAll(/(\d+)m([\d.]+)s/g)].map(
      ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
    );
    this.processor.push(spent.reduce((sum, each) => sum + each, 0));
  };

  get stateBytes(): number {
    return statSync(join(this.#backend, '.pulumi/stacks', this.#project, 'bench.json')).size;
  }
}

/** Copies what a stack of the project needs, with the installed packages as a link. */
export function copyProject(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const part of [
    'Pulumi.yaml',
    'package.json',
    'index.ts',
    'commands',
    'components',
    'lib',
    'program',
    'provider',
    'schema',
    'nix',
  ]) {
    cpSync(join(project, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
}

/** Makes a project that uses the built package: its own code is one line. `npm run build` comes first. */
export function projectOfPackage(folder: string): void {
  const installed = join(folder, 'node_modules/nixos-fleet');
  for (const part of ['package.json', 'dist', 'provider', 'commands/nixos-fleet.cjs'])
    cpSync(join(project, part), join(installed, part), { recursive: true });
  for (const name of ['@pulumi', 'koffi'])
    symlinkSync(join(project, 'node_modules', name), join(folder, 'node_modules', name));
  const provider = { name: 'nixos', path: './node_modules/nixos-fleet/provider' };
  const definition = {
    name: 'nixos-fleet',
    main: 'index.js',
    // As in the templates.
    runtime: {
      name: 'nodejs',
      options: { typescript: false, nodeargs: '--require nixos-fleet/compile-cache' },
    },
    plugins: { providers: [provider] },
  };
  writeFileSync(join(folder, 'Pulumi.yaml'), JSON.stringify(definition));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'index.js'), "export { default } from 'nixos-fleet/program';\n");
}

/**
 * A stack as if everything in its first preview had been deployed.
 * @param more keys of the stack's config; each host has the tag `part0` … `part9`
 * @param make makes the project's files
 */
export async function fleetStack(
  folder: string,
  backend: string,
  hosts: number,
  more: object = {},
  make = copyProject,
): Promise<{ stack: Stack; resources: number; custom: number }> {
  make(folder);
  cpSync(join(project, 'bench/flake'), join(folder, 'flake'), { recursive: true });
  writeFileSync(join(folder, 'flake/count.nix'), `${hosts}\n`);
  const names = Array.from({ length: hosts }, (_, index) => `host${index}`);
  const config = {
    'nixos-fleet:flake': 'path:./flake',
    // These machines do not exist.
    'nixos-fleet:checkLive': false,
    'nixos-fleet:hosts': Object.fromEntries(
      names.map((name, index) => [
        name,
        { address: `${name}.example.org`, tags: [`part${Math.floor((index * 10) / hosts)}`] },
      ]),
    ),
    ...Object.fromEntries(Object.entries(more).map(([key, value]) => [`nixos-fleet:${key}`, value])),
  };
  writeFileSync(join(folder, 'Pulumi.bench.yaml'), JSON.stringify({ config }));
  const stack = new Stack(folder, backend, 'nixos-fleet');
  await stack.pulumi(['stack', 'init', 'bench']);
  const steps: Step[] = JSON.parse(await stack.pulumi(['preview', '--json'])).steps;
  const planned = steps.map(({ newState }) => newState);
  const manifest = { time: new Date().toISOString(), magic: '', version: '' };
  await stack.pulumi(
    ['stack', 'import'],
    JSON.stringify({ version: 3, deployment: { manifest, resources: deployed(planned) } }),
  );
  const custom = planned.filter((resource) => resource.custom).length;
  return { stack, resources: planned.length - 1, custom };
}

function deployed(planned: Resource[]): Resource[] {
  const provider = planned.find((resource) => resource.provider)?.provider?.replace(/::[^:]*$/, '');
  if (!provider) throw new Error('the preview planned no resource of a provider');
  const id = randomUUID();
  const stack = planned.filter((resource) => resource.type === 'pulumi:pulumi:Stack');
  const rest = planned.filter((resource) => resource.type !== 'pulumi:pulumi:Stack');
  return [
    ...stack,
    { urn: provider, type: 'pulumi:providers:nixos', custom: true, id, inputs: {}, outputs: {} },
    ...rest.map((resource) => ({
      ...resource,
      ...(resource.custom ? { id: `id-of-${resource.urn}`, provider: `${provider}::${id}` } : {}),
      outputs: outputsOf(resource),
    })),
  ];
}

function outputsOf({ type, inputs = {} }: Resource): Record<string, unknown> {
  if (type !== 'nixos:index:Deployment') return inputs;
  // A deployment's facts are in its inputs alone.
  const { facts: _, __facts: __, ...rest } = inputs;
  const system = String(inputs.system);
  const live = {
    system,
    profileSystem: system,
    generation: 1,
    booted: system,
    kernel: '6.18.37',
    rebootDue: false,
    bootId: 'boot',
    machineId: 'machine',
    revision: '',
    since: '2026-11-01T00:00:00Z',
  };
  return { ...rest, live };
}

/** @param custom how many of the resources belong to a provider; the others are components */
export async function plainStack(
  folder: string,
  backend: string,
  resources: number,
  custom = 0,
): Promise<Stack> {
  cpSync(join(project, 'bench/plain-program'), folder, { recursive: true });
  cpSync(join(project, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(
    join(folder, 'Pulumi.bench.yaml'),
    JSON.stringify({ config: { 'plain:resources': resources, 'plain:custom': custom } }),
  );
  mkdirSync(backend, { recursive: true });
  const stack = new Stack(folder, backend, 'plain');
  await stack.pulumi(['stack', 'init', 'bench']);
  await stack.pulumi(['up', '--yes', '--skip-preview']);
  return stack;
}
