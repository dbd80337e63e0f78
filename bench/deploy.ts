/**
 * A changed text and a restarted unit on N lab machines: `pulumi up --skip-preview`, against deploy-rs (with its magic rollback) and
 * against bare `nix build`, `nix copy` and `switch-to-configuration` over ssh, one machine after the other. All three evaluate the
 * same flake and deploy the same systems. Usage: node bench/deploy.ts [machines…] (3 12 30)
 *
 * BENCH_RTT are round-trip times in milliseconds, `0 50 150` by default: the machines are on this computer, on the same continent, and on
 * another one. Without a delay, what is measured is mostly the machines' own work, which shares this computer's processors with all three.
 *
 * `least s` is how long bare's work keeps this computer's processors busy if all of them share it evenly: no tool can be done before
 * that, since all machines are on this computer.
 *
 * DEPLOY_RS is the folder with bin/deploy and bin/activate; by default `cargo install` makes it where cargo is, else it is skipped.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { operationsAtOnce } from '../commands/operations-at-once.ts';
import { run, runToEnd } from '../lib/base/process/run.ts';
import { markdownTable } from '../lib/base/table.ts';
import { ensureLabBase } from '../lib/local/lab/base.ts';
import { deleteLab } from '../lib/local/lab/delete-lab.ts';
import { ensureMachine } from '../lib/local/lab/machine.ts';
import { ensureNetwork } from '../lib/local/lab/network.ts';
import { delayed } from './delayed.ts';
import { whenInterrupted } from './interrupt.ts';
import { busySeconds, median, seconds } from './measure.ts';
import { projectOfPackage } from './stacks.ts';
import { type Most, watchProvider } from './watch-provider.ts';

const project = resolve(import.meta.dirname, '..');
const roundTrips = (process.env.BENCH_RTT ?? '0 50 150').split(' ').map(Number);
const rounds = Number(process.env.BENCH_RUNS ?? 3);
const network = '10.213.90';
const version = '1.0.0';
const limit = { timeoutSeconds: 1800 };

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-bench-'));
const deployRs = await findDeployRs();
process.env.XDG_STATE_HOME = join(folder, 'state');
process.env.XDG_CACHE_HOME ??= join(homedir(), '.cache');
const lab = `bench-${process.pid}`;
const flake = join(folder, 'flake');
const { base, overrideInputs } = await ensureLabBase();
const inputs = {
  ...overrideInputs,
  lab: `path:${join(project, 'nix/lab')}`,
};
const overrides = Object.entries(inputs).flatMap(([name, url]) => ['--override-input', name, url]);
const pulumiEnv = {
  PULUMI_PARALLEL: operationsAtOnce(process.env.PULUMI_PARALLEL, availableParallelism()),
  PULUMI_BACKEND_URL: `file://${folder}/backend`,
  PULUMI_CONFIG_PASSPHRASE: '',
  PULUMI_SKIP_UPDATE_CHECK: 'true',
};

/** The folder with deploy-rs's programs; undefined where they cannot be had. */
async function findDeployRs(): Promise<string | undefined> {
  if (process.env.DEPLOY_RS) return process.env.DEPLOY_RS;
  const root = join(homedir(), '.cache/nixos-fleet/bench', `deploy-rs-${version}`);
  if (existsSync(join(root, 'bin/activate'))) return root;
  const made = await runToEnd(
    'cargo',
    ['install', 'deploy-rs', '--version', version, '--root', root],
    limit,
  ).catch((error: Error) => ({ exitCode: 1, stderr: error.message }));
  if (made.exitCode === 0) return root;
  console.log(`deploy-rs is left out: cargo cannot install it: ${made.stderr.trim().split('\n').at(-1)}`);
  return undefined;
}

const begun = Date.now();
let edits = 0;
interface Target {
  name: string;
  address: string;
  port: number;
  hostKey: string;
}

/** Changes all machines' systems. */
function edit(machines: readonly Target[], identityFile: string): void {
  edits += 1;
  const listed = machines.map(({ name, address, port }) => ({ name, address, port: String(port) }));
  const content = { text: `edit ${edits} of ${lab}, ${begun}`, machines: listed, identityFile };
  writeFileSync(join(flake, 'machines.json'), JSON.stringify(content));
}

async function pulumi(args: string[]): Promise<string> {
  const options = { cwd: join(folder, 'project'), env: pulumiEnv, ...limit };
  return (await run('pulumi', [...args, '--non-interactive'], options)).stdout;
}

/** Writes the stack's config. */
function configure(machines: readonly Target[], identityFile: string): void {
  const hosts = machines.map(({ name, ...connection }) => [name, { ...connection, identityFile }]);
  const config = {
    'nixos-fleet:flake': flake,
    'nixos-fleet:overrideInputs': inputs,
    'nixos-fleet:hosts': Object.fromEntries(hosts),
  };
  writeFileSync(join(folder, 'project/Pulumi.bench.yaml'), JSON.stringify({ config }));
}

async function bare(machines: readonly Target[], identityFile: string): Promise<void> {
  const options = [
    '-i',
    identityFile,
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ];
  for (const { name, address, port } of machines) {
    const ssh = [...options, '-p', String(port)];
    const attribute = `${flake}#nixosConfigurations.${name}.config.system.build.toplevel`;
    const built = await run(
      'nix',
      ['build', '--no-link', '--print-out-paths', attribute, ...overrides],
      limit,
    );
    const system = built.stdout.trim();
    await run('nix', ['copy', '--no-check-sigs', '--to', `ssh-ng://root@${address}`, system], {
      ...limit,
      env: { NIX_SSHOPTS: ssh.join(' ') },
    });
    const command = `PATH=$PATH:/usr/local/bin; nix-env -p /nix/var/nix/profiles/system --set ${system} && ${system}/bin/switch-to-configuration switch`;
    await run('ssh', [...ssh, `root@${address}`, command], limit);
  }
}

async function byDeployRs(machines: readonly Target[]): Promise<void> {
  const command = join(deployRs ?? '', 'bin/deploy');
  const options = ['--skip-checks', '--targets', flake, '--', ...overrides];
  const made = await runToEnd(command, options, { ...limit, cwd: folder });
  const count = made.stderr.match(/Deployment confirmed/g)?.length;
  if (made.exitCode !== 0 || count !== machines.length) throw new Error(`${made.stdout}${made.stderr}`);
}

/** Rows of the table, one for each round-trip time. */
async function measure(count: number): Promise<string[][]> {
  const names = Array.from({ length: count }, (_, index) => `m${String(index + 1).padStart(2, '0')}`);
  const hosts = Object.fromEntries(names.map((name, index) => [name, `${network}.${index + 11}`]));
  const { identityFile } = await ensureNetwork({ lab, cidr: `${network}.0/24`, hosts });
  const near: Target[] = [];
  for (const [name, address] of Object.entries(hosts)) {
    const { hostKey } = await ensureMachine({ lab, name, address, base });
    near.push({ name, address, port: 22, hostKey });
  }
  const rows: string[][] = [];
  for (const milliseconds of roundTrips) {
    const ends: (() => void)[] = [];
    const machines: Target[] = [];
    for (const machine of near) {
      if (milliseconds === 0) {
        machines.push(machine);
        continue;
      }
      const { port, close } = await delayed(machine.address, machine.port, milliseconds / 2);
      ends.push(close);
      machines.push({ ...machine, address: '127.0.0.1', port });
    }
    configure(machines, identityFile);
    rows.push([`${count}`, `${milliseconds} ms`, ...(await compared(machines, identityFile))]);
    for (const end of ends) end();
  }
  return rows;
}

/** How long each way takes with these machines, and how it compares. */
async function compared(machines: readonly Target[], identityFile: string): Promise<string[]> {
  let most: Most = { memoryMiB: 0, handles: 0 };
  const up = () => pulumi(['up', '--yes', '--skip-preview']);
  const ways: [string, () => Promise<unknown>][] = [
    [
      'fleet',
      async () => {
        most = await watchProvider(join(folder, 'project'), up);
      },
    ],
    ...(deployRs ? [['deploy-rs', () => byDeployRs(machines)] as [string, () => Promise<void>]] : []),
    ['bare', () => bare(machines, identityFile)],
  ];
  const times: Record<string, number[]> = {};
  const busy: Record<string, number[]> = {};
  for (let round = 0; round <= rounds; round++)
    for (const [name, way] of ways) {
      edit(machines, identityFile);
      const before = busySeconds();
      const taken = await seconds(way);
      const worked = busySeconds() - before;
      console.error(`${machines.length} machines, ${name}: ${taken.toFixed(2)} s`);
      // The first round is not counted.
      if (round === 0) continue;
      times[name] = [...(times[name] ?? []), taken];
      busy[name] = [...(busy[name] ?? []), worked];
    }
  const ratio = (name: string) => {
    const other = times[name];
    return other ? median(other.map((value, round) => (times.fleet?.[round] ?? 0) / value)).toFixed(2) : '';
  };
  const shown = ['fleet', 'deploy-rs', 'bare'].map((name) =>
    times[name]
      ? `${median(times[name]).toFixed(1)} (${median(busy[name] ?? []).toFixed(1)})`
      : 'not measured',
  );
  const least = median(busy.bare ?? []) / availableParallelism();
  const provider = [`${Math.round(most.memoryMiB)}`, `${most.handles}`];
  return [...shown, ratio('deploy-rs'), ratio('bare'), least.toFixed(1), ...provider];
}

const counts = process.argv.slice(2).map(Number);
const rows: string[][] = [];
whenInterrupted(() => deleteLab(lab));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
try {
  mkdirSync(join(folder, 'backend'), { recursive: true });
  cpSync(join(project, 'bench/deploy-flake'), flake, { recursive: true });
  if (deployRs) cpSync(join(deployRs, 'bin/activate'), join(flake, 'activate'));
  await run('git', ['-C', flake, 'init', '--quiet'], limit);
  edit([], '');
  await run('git', ['-C', flake, 'add', '--all'], limit);
  await run('npm', ['run', 'build'], { cwd: project, ...limit });
  projectOfPackage(join(folder, 'project'));
  configure([], '');
  await pulumi(['stack', 'init', 'bench']);
  for (const count of counts.length > 0 ? counts : [3, 12, 30]) rows.push(...(await measure(count)));
} finally {
  await deleteLab(lab);
}
console.log(
  `\nA text changed and a unit restarted on all machines (median of ${rounds} rounds; in brackets, how long the processors worked)\n`,
);
console.log(
  markdownTable(
    [
      'machines',
      'round trip',
      'pulumi up s',
      'deploy-rs s',
      'bare s',
      'up/deploy-rs',
      'up/bare',
      'least s',
      'provider MiB',
      'its file handles',
    ],
    rows,
  ),
);
