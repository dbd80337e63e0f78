/**
 * Previews of N hosts whose facts are cached, by the built package and by a clone, under the same CLI as plain programs with as many
 * resources: a preview in which nothing changes, and one after an edit of one host; the size of the state, and the memory of the
 * program and of the provider.
 *
 * Usage: node bench/preview.ts [hosts…] (3 30 100)
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from '../lib/base/process/run.ts';
import { markdownTable } from '../lib/base/table.ts';
import { compare, median } from './measure.ts';
import { peakMemory } from './peak-memory.ts';
import { copyProject, fleetStack, plainStack, projectOfPackage, type Stack } from './stacks.ts';

const runs = Number(process.env.BENCH_RUNS ?? 5);
const counts = process.argv.slice(2).map(Number);
const programs = [
  ['package', projectOfPackage, 'dist/provider.js'],
  ['clone', copyProject, 'provider/main.ts'],
] as const;
const noChanges: string[][] = [];
const edits: string[][] = [];
await run('npm', ['run', 'build'], { cwd: resolve(import.meta.dirname, '..'), timeoutSeconds: 600 });
for (const hosts of counts.length > 0 ? counts : [3, 30, 100]) {
  for (const [name, make, provider] of programs) {
    const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-bench-'));
    try {
      const backend = join(folder, 'backend');
      mkdirSync(backend);
      const { stack, resources, custom } = await fleetStack(join(folder, 'fleet'), backend, hosts, {}, make);
      const plain = await plainStack(join(folder, 'plain'), join(folder, 'plain-backend'), resources);
      const withProvider = await plainStack(
        join(folder, 'custom'),
        join(folder, 'custom-backend'),
        resources,
        custom,
      );
      noChanges.push([
        `${hosts}`,
        `${resources}`,
        name,
        ...(await ratios(stack, plain)),
        ...(await ratios(stack, withProvider)),
      ]);
      const size = `${(stack.stateBytes / 1e6).toFixed(2)} MB`;
      const memory = await peakMemory(
        { program: `${stack.folder}/node_modules/@pulumi/pulumi/cmd/run`, provider },
        stack.preview,
      );
      edits.push([
        `${hosts}`,
        name,
        await edited(stack, hosts, plain),
        size,
        `${memory.program.toFixed(0)} MiB`,
        `${memory.provider.toFixed(0)} MiB`,
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Seconds of both and their ratio, and the ratio of their processor times, which depends less on what else the computer does. */
async function ratios(fleet: Stack, other: Stack): Promise<string[]> {
  const { a, b, ratio } = await compare(fleet.preview, other.preview, runs);
  const [spent, floor] = [fleet, other].map(({ processor }) => median(processor.slice(-runs)));
  return [
    `${a.toFixed(2)} s`,
    `${b.toFixed(2)} s`,
    ratio.toFixed(2),
    ((spent ?? 0) / (floor ?? 0)).toFixed(2),
  ];
}

/** Seconds of a preview after an edit of one host, and its ratio to a plain program in which nothing changes. */
async function edited(stack: Stack, hosts: number, plain: Stack): Promise<string> {
  let edit = 0;
  const preview = async () => {
    writeFileSync(join(stack.folder, 'flake/host1.nix'), `"${++edit}"\n`);
    const shown = await stack.pulumi(['preview']);
    // The first edit leaves which hosts read the file.
    if (edit > 2 && !shown.includes(`1 of ${hosts} evaluated: host1.nix changed`)) throw new Error(shown);
  };
  await preview();
  const { a, ratio } = await compare(preview, plain.preview, runs);
  return `${a.toFixed(2)} s (${ratio.toFixed(2)})`;
}

console.log(
  `\nPreviews with cached facts in which nothing changes, against plain programs (${runs} pairs)\n`,
);
console.log(
  markdownTable(
    [
      'hosts',
      'resources',
      'program',
      'fleet',
      'components',
      'ratio',
      'processor',
      'fleet',
      'with a provider',
      'ratio',
      'processor',
    ],
    noChanges,
  ),
);
console.log(
  '\nAfter an edit of one host (ratio to the components); state and memory where nothing changes\n',
);
console.log(
  markdownTable(
    ['hosts', 'program', 'one host edited', 'state', 'memory of the program', 'of the provider'],
    edits,
  ),
);
