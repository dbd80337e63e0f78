/**
 * A preview of N hosts in which nothing changes and all facts are cached, against a preview of a program with as many
 * plain resources, by the same CLI. Usage: node bench/preview.ts [hosts…] (3 30 100)
 */
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../lib/base/process/run.ts';
import { markdownTable } from '../lib/base/table.ts';
import { compare } from './measure.ts';

const project = resolve(dirname(fileURLToPath(import.meta.url)), '..');

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
class Bench {
  readonly folder: string;
  readonly #env: Record<string, string>;

  constructor(folder: string, backend: string) {
    this.folder = folder;
    this.#env = {
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: '',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
    };
  }

  async pulumi(args: string[], input?: string): Promise<string> {
    const options = { cwd: this.folder, env: this.#env, timeoutSeconds: 900, ...(input ? { input } : {}) };
    return (await run('pulumi', [...args, '--non-interactive'], options)).stdout;
  }

  preview = async () => {
    const shown = await this.pulumi(['preview', '--expect-no-changes']);
    if (!/unchanged/.test(shown)) throw new Error(`the preview is not a no-op:\n${shown}`);
  };
}

async function fleet(
  folder: string,
  backend: string,
  hosts: number,
): Promise<{ bench: Bench; resources: number }> {
  mkdirSync(folder, { recursive: true });
  for (const part of [
    'Pulumi.yaml',
    'package.json',
    'index.ts',
    'components',
    'lib',
    'program',
    'provider',
    'schema',
    'nix',
  ]) {
    cpSync(join(project, part), join(folder, part), { recursive: true });
  }
  cpSync(join(project, 'bench/flake'), join(folder, 'flake'), { recursive: true });
  writeFileSync(join(folder, 'flake/count.nix'), `${hosts}\n`);
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  const names = Array.from({ length: hosts }, (_, index) => `host${index}`);
  const config = {
    'nixos-fleet:flake': 'path:./flake',
    // These machines do not exist.
    'nixos-fleet:checkLive': false,
    'nixos-fleet:hosts': Object.fromEntries(names.map((name) => [name, { address: `${name}.example.org` }])),
  };
  writeFileSync(join(folder, 'Pulumi.bench.yaml'), JSON.stringify({ config }));
  const bench = new Bench(folder, backend);
  await bench.pulumi(['stack', 'init', 'bench']);
  const steps: Step[] = JSON.parse(await bench.pulumi(['preview', '--json'])).steps;
  const resources = deployed(steps.map(({ newState }) => newState));
  const manifest = { time: new Date().toISOString(), magic: '', version: '' };
  await bench.pulumi(
    ['stack', 'import'],
    JSON.stringify({ version: 3, deployment: { manifest, resources } }),
  );
  return { bench, resources: steps.length - 1 };
}

/** The state as if everything in the preview had been deployed. */
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
      outputs: {
        ...resource.inputs,
        ...(resource.type === 'nixos:index:Deployment' ? { live: live(resource) } : {}),
      },
    })),
  ];
}

function live({ inputs }: Resource) {
  const system = String(inputs?.system);
  const rest = { kernel: '6.18.37', rebootDue: false, bootId: 'boot', machineId: 'machine', revision: '' };
  const since = '2026-11-01T00:00:00Z';
  return { system, profileSystem: system, generation: 1, booted: system, since, ...rest };
}

async function plain(folder: string, backend: string, resources: number): Promise<Bench> {
  cpSync(join(project, 'bench/plain-program'), folder, { recursive: true });
  cpSync(join(project, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(
    join(folder, 'Pulumi.bench.yaml'),
    JSON.stringify({ config: { 'plain:resources': resources } }),
  );
  const bench = new Bench(folder, backend);
  await bench.pulumi(['stack', 'init', 'bench']);
  await bench.pulumi(['up', '--yes', '--skip-preview']);
  return bench;
}

const counts = process.argv.slice(2).map(Number);
const rows: string[][] = [];
for (const hosts of counts.length > 0 ? counts : [3, 30, 100]) {
  const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-bench-'));
  try {
    const backend = join(folder, 'backend');
    mkdirSync(backend);
    const { bench, resources } = await fleet(join(folder, 'fleet'), backend, hosts);
    const floor = await plain(join(folder, 'plain'), backend, resources);
    const { a, b, ratio } = await compare(bench.preview, floor.preview, 5);
    rows.push([`${hosts}`, `${resources}`, a.toFixed(2), b.toFixed(2), ratio.toFixed(2)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log('\nA no-op preview with cached facts, against as many plain resources (median of 5 pairs)\n');
console.log(markdownTable(['hosts', 'resources', 'fleet s', 'plain s', 'ratio'], rows));
