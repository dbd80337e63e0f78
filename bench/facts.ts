/**
 * Facts of N machines, nothing cached, against `nix eval` of their toplevel paths alone, both in one evaluator with the
 * same heap; and the whole of `evaluateFleet` (locking, condensing, writing the cache) with nothing and with all cached.
 *
 * Usage: node bench/facts.ts                  lab machines, 3 to 48 of them
 *        node bench/facts.ts FLAKE HOST…      a flake of your own: 1, 2, 4 … of its hosts
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mapValues } from '../lib/base/map-values.ts';
import { markdownTable } from '../lib/base/table.ts';
import { evaluateFleet } from '../lib/evaluation/evaluate-fleet.ts';
import { evaluateTargets } from '../lib/evaluation/evaluate-targets.ts';
import { factsExpression } from '../lib/evaluation/facts-expression.ts';
import { planBatches } from '../lib/evaluation/plan-batches.ts';
import { usableResources } from '../lib/evaluation/resources.ts';
import { ensureLabBase } from '../lib/local/lab/base.ts';
import { evalApply, nixString } from '../lib/store/nix/eval.ts';
import { type LockedFlake, lockFlake } from '../lib/store/nix/flake.ts';
import { compare } from './measure.ts';

const runs = Number(process.env.BENCH_RUNS ?? 5);

interface Fleet {
  flake: string;
  baseDirectory: string;
  overrideInputs: Record<string, string>;
}

/** A flake with this many lab machines, copies of the lab’s three. */
async function labFleet(folder: string, count: number): Promise<{ fleet: Fleet; hosts: string[] }> {
  const { overrideInputs } = await ensureLabBase();
  await cp(resolve(import.meta.dirname, '../nix/lab'), folder, { recursive: true });
  const templates = ['web', 'db', 'edge'];
  const hosts = Array.from({ length: count }, (_, index) => `${templates[index % 3]}${index}`);
  for (const [index, name] of hosts.entries()) {
    await cp(join(folder, 'hosts', `${templates[index % 3]}.nix`), join(folder, 'hosts', `${name}.nix`));
  }
  return { fleet: { flake: `path:${folder}`, baseDirectory: folder, overrideInputs }, hosts };
}

/** The baseline: the paths that a build needs, by the nix command alone. */
async function toplevels(flake: LockedFlake, hosts: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await evalApply({
    flake,
    attribute: 'nixosConfigurations',
    apply: `all: map (name: let inherit (all.\${name}.config.system.build) toplevel; in [ toplevel.drvPath toplevel.outPath ]) [ ${hosts.map(nixString).join(' ')} ]`,
    heapMiB: planBatches(hosts, usableResources({ workers: 1 })).batchMiB,
  });
  if (exitCode !== 0) throw new Error(stderr);
}

async function measure(fleet: Fleet, names: readonly string[], cache: string): Promise<string[]> {
  process.env.XDG_CACHE_HOME = cache;
  const hosts = Object.fromEntries(names.map((name) => [name, name]));
  const flake = await lockFlake(fleet);
  const expression = factsExpression().text;
  const facts = async () => {
    const found = await evaluateTargets({
      flake,
      expression,
      targets: mapValues(hosts, (configuration) => ({ configuration })),
      resources: usableResources({ workers: 1 }),
    });
    if (found.facts.size !== names.length) throw [...found.errors.values()][0];
  };
  const whole = async (fromCache: boolean) => {
    if (!fromCache) await rm(join(cache, 'nixos-fleet'), { recursive: true, force: true });
    const evaluation = await evaluateFleet({ ...fleet, hosts, workers: 1 });
    if (evaluation.fromCache !== fromCache) throw new Error(`expected fromCache to be ${fromCache}`);
  };
  const evaluated = await compare(facts, () => toplevels(flake, names), runs);
  const cold = await compare(() => whole(false), facts, runs);
  const cached = await compare(() => whole(true), facts, runs);
  return [
    String(names.length),
    `${evaluated.b.toFixed(2)} s`,
    `${evaluated.a.toFixed(2)} s`,
    evaluated.ratio.toFixed(2),
    `${cold.a.toFixed(2)} s`,
    `${cached.a.toFixed(3)} s`,
  ];
}

const usersCache = process.env.XDG_CACHE_HOME;
const folder = await mkdtemp(join(tmpdir(), 'nixos-fleet-bench-'));
try {
  const [flake, ...named] = process.argv.slice(2);
  const rows: string[][] = [];
  if (flake) {
    const fleet = { flake, baseDirectory: process.cwd(), overrideInputs: {} };
    for (let count = 1; count <= named.length; count *= 2) {
      rows.push(await measure(fleet, named.slice(0, count), join(folder, 'cache')));
    }
  } else {
    for (const count of [3, 12, 48]) {
      // Before the measurement's own cache folder is set: the lab's base is in the user's.
      if (usersCache === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = usersCache;
      const { fleet, hosts } = await labFleet(join(folder, String(count)), count);
      rows.push(await measure(fleet, hosts, join(folder, 'cache')));
    }
  }
  console.log(`Facts of ${flake ?? 'lab machines'}, medians of ${runs} pairs\n`);
  console.log(
    markdownTable(
      ['machines', 'toplevel paths alone', 'facts', 'ratio', 'whole call, cold', 'whole call, cached'],
      rows,
    ),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
