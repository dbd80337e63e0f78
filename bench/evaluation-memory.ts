/**
 * Memory of all evaluators together while many hosts are evaluated with nothing cached, against the limit `evaluationMemoryMiB`.
 * Lab machines, or machines of the nixpkgs whose path is in NIXPKGS.
 *
 * Usage: node bench/evaluation-memory.ts [hosts] [MiB…]  (100 hosts, limits of 2000 and 8000 MiB)
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from '../lib/base/process/run.ts';
import { markdownTable } from '../lib/base/table.ts';
import { evaluateFleet } from '../lib/evaluation/evaluate-fleet.ts';
import { planBatches } from '../lib/evaluation/plan-batches.ts';
import { usableResources } from '../lib/evaluation/resources.ts';
import { writeFleet } from './fleet-flake.ts';
import { seconds } from './measure.ts';
import { memoryTogether } from './peak-memory.ts';

const [count = 100, ...given] = process.argv.slice(2).map(Number);
const limits = given.length > 0 ? given : [2000, 8000];
const names = Array.from({ length: count }, (_, index) => `host${String(index).padStart(3, '0')}`);
const root = await mkdtemp(join(tmpdir(), 'nixos-fleet-bench-'));
const folder = join(root, 'flake');
try {
  const fleet = await writeFleet(folder, names, process.env.NIXPKGS && resolve(process.env.NIXPKGS));
  process.env.XDG_CACHE_HOME = join(root, 'cache');
  for (const name of names) {
    const text = `{ imports = [ ../common.nix ]; environment.etc.note.text = "${name}"; }\n`;
    await writeFile(join(folder, 'hosts', `${name}.nix`), text);
  }
  await run('git', ['-C', folder, 'init', '--quiet'], { timeoutSeconds: 30 });
  await run('git', ['-C', folder, 'add', '--all'], { timeoutSeconds: 30 });
  const hosts = Object.fromEntries(names.map((name) => [name, name]));
  const rows: string[][] = [];
  for (const memoryMiB of limits) {
    await rm(join(root, 'cache/nixos-fleet'), { recursive: true, force: true });
    const { batches, workers } = planBatches(names, usableResources({ memoryMiB }));
    let taken = 0;
    const peak = await memoryTogether([folder, ' eval '], async () => {
      taken = await seconds(async () => {
        const evaluation = await evaluateFleet({ ...fleet, hosts, memoryMiB });
        for (const host of Object.values(evaluation.hosts)) if (!host.ok) throw host.error;
      });
    });
    if (peak > memoryMiB) process.exitCode = 1;
    rows.push([
      `${count}`,
      `${memoryMiB} MiB`,
      `${workers}`,
      `${batches.length}`,
      `${peak.toFixed(0)} MiB`,
      (peak / memoryMiB).toFixed(2),
      `${taken.toFixed(0)} s`,
    ]);
    console.error(rows.at(-1)?.join(' | '));
  }
  console.log('\nMemory of all evaluators together, nothing cached\n');
  console.log(
    markdownTable(['hosts', 'limit', 'at a time', 'evaluators', 'most memory', 'of the limit', 'time'], rows),
  );
} finally {
  await rm(root, { recursive: true, force: true });
}
