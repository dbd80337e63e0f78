/**
 * 200 secrets on each of N lab machines with new contents, by one resource `Secrets` each, against one stream of tar over ssh each; all
 * machines at once, and every time over a new connection. And previews of 200 secrets as one resource and as one each.
 * Usage: node bench/secrets.ts [machines] (20, or as many as start)
 */
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from '../lib/base/process/run.ts';
import { shellCommand, shellQuote } from '../lib/base/quote.ts';
import { markdownTable } from '../lib/base/table.ts';
import { ensureLabBase } from '../lib/local/lab/base.ts';
import { deleteLab } from '../lib/local/lab/delete-lab.ts';
import { ensureMachine } from '../lib/local/lab/machine.ts';
import { ensureNetwork } from '../lib/local/lab/network.ts';
import { machineOf } from '../lib/machine/ssh/machine-at.ts';
import type { Recorded } from '../provider/resource.ts';
import { secrets } from '../provider/resources/secrets/secrets.ts';
import { RolloutRun } from '../provider/rollout/rollout-run.ts';
import { type SecretsInputs, type SecretsState, secretsInputs } from '../schema/secrets.ts';
import { whenInterrupted } from './interrupt.ts';
import { median, seconds } from './measure.ts';

const runs = Number(process.env.BENCH_RUNS ?? 5);
const wanted = Number(process.argv[2] ?? 20);
const network = '10.213.91';
const lab = `bench-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-bench-'));
process.env.XDG_STATE_HOME = join(folder, 'state');
const names = Array.from({ length: 200 }, (_, index) => `secret${index}`);

interface Target {
  inputs: SecretsInputs;
  recorded?: Recorded<SecretsInputs, SecretsState>;
  /** Sends a folder's files to the machine. */
  tar: string;
  folder: string;
}

const valuesOf = () => Object.fromEntries(names.map((name) => [name, randomBytes(36).toString('base64')]));

const context = (name: string) => ({
  urn: `urn:pulumi:bench::bench::nixos:index:Secrets::${name}`,
  name,
  signal: new AbortController().signal,
  rollout: new RolloutRun(async () => {}),
  status: () => {},
  log: () => {},
});

/** As many machines as start. */
async function startMachines(): Promise<Target[]> {
  const hosts = Object.fromEntries(
    Array.from({ length: wanted }, (_, index) => [`m${index}`, `${network}.${index + 11}`]),
  );
  const { base } = await ensureLabBase();
  const { identityFile } = await ensureNetwork({ lab, cidr: `${network}.0/24`, hosts });
  const started: Target[] = [];
  for (const [name, address] of Object.entries(hosts)) {
    try {
      const { hostKey } = await ensureMachine({ lab, name, address, base });
      const files = Object.fromEntries(names.map((file) => [file, { path: `/run/keys/${file}` }]));
      const connection = { address, hostKey, identityFile };
      const ssh = shellCommand([
        ...['ssh', '-F', '/dev/null', '-i', identityFile, '-o', 'StrictHostKeyChecking=no'],
        ...['-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', `root@${address}`],
        'mkdir -p /run/tar && tar -x -C /run/tar',
      ]);
      const own = join(folder, name);
      mkdirSync(own);
      started.push({
        inputs: secretsInputs.parse({ host: name, connection, files, values: valuesOf() }),
        tar: `tar -C ${shellQuote(own)} -c . | ${ssh}`,
        folder: own,
      });
    } catch (error) {
      console.log(`${started.length} of ${wanted} machines started: ${String(error)}`);
      break;
    }
  }
  if (started.length < 3) throw new Error('fewer than 3 machines started');
  return started;
}

/** What `pulumi up` does for each, and what is kept of it. */
async function update(target: Target): Promise<void> {
  const { inputs, recorded } = target;
  if (recorded) {
    const state = await secrets.update(recorded, inputs, context(inputs.host));
    target.recorded = { id: recorded.id, inputs, state };
  } else {
    const { id, state } = await secrets.create(inputs, context(inputs.host));
    target.recorded = { id, inputs, state };
  }
}

async function measureMachines(targets: Target[]): Promise<string[][]> {
  const all = (work: (target: Target) => Promise<unknown>) => async () => {
    await Promise.all(targets.map(work));
  };
  const ours: number[] = [];
  const tar: number[] = [];
  for (let round = -1; round < runs; round += 1) {
    for (const target of targets) {
      target.inputs = { ...target.inputs, values: valuesOf() };
      for (const [name, value] of Object.entries(target.inputs.values))
        writeFileSync(join(target.folder, name), value, { mode: 0o400, flush: false });
    }
    await disconnect(targets);
    const a = await seconds(all(update));
    const b = await seconds(all(({ tar: command }) => run('sh', ['-c', command], { timeoutSeconds: 120 })));
    // The first is not counted.
    if (round >= 0) {
      ours.push(a);
      tar.push(b);
    }
    for (const { folder: own } of targets) for (const name of names) rmSync(join(own, name));
  }
  await disconnect(targets);
  const reading = await seconds(
    all(async ({ recorded, inputs }) => {
      if (!recorded) return;
      const found = await secrets.read(recorded.id, recorded, context(inputs.host));
      const contents = Object.values(found?.state.contents ?? {});
      if (contents.length !== names.length || contents.some((content) => content !== 'in-place'))
        throw new Error(`${inputs.host} has not what was written`);
    }),
  );
  const ratios = ours.map((value, index) => value / (tar[index] ?? Number.NaN));
  return [
    [
      `${targets.length}`,
      median(ours).toFixed(2),
      median(tar).toFixed(2),
      median(ratios).toFixed(2),
      reading.toFixed(2),
    ],
  ];
}

async function disconnect(targets: readonly Target[]): Promise<void> {
  await Promise.all(targets.map(({ inputs }) => machineOf(inputs).close()));
}

/** Previews of new secrets of machines that do not exist. */
async function measurePreviews(): Promise<string[][]> {
  const project = resolve(import.meta.dirname, '..');
  const env = {
    PULUMI_BACKEND_URL: `file://${folder}/backend`,
    PULUMI_CONFIG_PASSPHRASE: '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
  mkdirSync(join(folder, 'backend'));
  const rows: string[][] = [];
  const programs = {
    '1 machine, one resource': 'one(1)',
    '1 machine, one resource each': 'each()',
    '20 machines, one resource a machine': 'one(20)',
  };
  for (const [index, [title, call]] of Object.entries(programs).entries()) {
    const own = join(folder, `program${index}`);
    mkdirSync(own);
    for (const part of [
      'Pulumi.yaml',
      'package.json',
      'components',
      'lib',
      'nix',
      'provider',
      'schema',
      'setup',
    ])
      cpSync(join(project, part), join(own, part), { recursive: true });
    symlinkSync(join(project, 'node_modules'), join(own, 'node_modules'));
    writeFileSync(
      join(own, 'index.ts'),
      `import { Secret, Secrets } from './components/index.ts';
const names = Array.from({ length: 200 }, (_, index) => \`secret\${index}\`);
const connection = { address: '192.0.2.1' };
function one(machines) {
  for (let n = 0; n < machines; n += 1)
    new Secrets(\`m\${n}\`, { host: \`m\${n}\`, connection, files: Object.fromEntries(names.map((name) => [name, { value: \`value of \${name}\` }])) });
}
function each() {
  for (const name of names) new Secret(name, { host: 'm', connection, path: \`/run/keys/\${name}\`, value: \`value of \${name}\` });
}
${call};
`,
    );
    const pulumi = async (args: string[]) =>
      (await run('pulumi', [...args, '--non-interactive'], { cwd: own, env, timeoutSeconds: 900 })).stdout;
    await pulumi(['stack', 'init', `bench${index}`]);
    let resources = '';
    const times: number[] = [];
    for (let round = 0; round < 3; round += 1)
      times.push(
        await seconds(async () => {
          [, resources = ''] = /\+ (\d+) to create/.exec(await pulumi(['preview'])) ?? [];
        }),
      );
    // Without the stack itself.
    rows.push([title, `${Number(resources) - 1}`, Math.min(...times).toFixed(2)]);
  }
  return rows;
}

whenInterrupted(() => deleteLab(lab));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
try {
  const targets = await startMachines();
  const written = await measureMachines(targets);
  console.log('\n200 secrets a machine with new contents, against a stream of tar (median of pairs)\n');
  console.log(markdownTable(['machines', 'Secrets s', 'tar s', 'ratio', 'read back s'], written));
  await disconnect(targets);
  await deleteLab(lab);
  console.log('\nA preview of 200 new secrets a machine (quickest of 3)\n');
  console.log(markdownTable(['secrets', 'resources', 's'], await measurePreviews()));
} finally {
  await deleteLab(lab);
}
