/**
 * What an edit costs: `evaluateFleet` after an edit of one host's file, of a file that three hosts use and of a README, each against
 * `nix eval` of the toplevel paths of just these hosts; and of all hosts with nothing cached. One evaluator each, 12 lab machines, or
 * machines of the nixpkgs whose path is in NIXPKGS.
 *
 * Usage: node bench/edits.ts
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { run } from '../lib/base/process/run.ts';
import { markdownTable } from '../lib/base/table.ts';
import { evaluateFleet } from '../lib/evaluation/evaluate-fleet.ts';
import { evalApply, nixString } from '../lib/store/nix/eval.ts';
import { lockFlake } from '../lib/store/nix/flake.ts';
import { writeFleet } from './fleet-flake.ts';
import { compare } from './measure.ts';

const runs = Number(process.env.BENCH_RUNS ?? 5);
const names = Array.from({ length: 12 }, (_, index) => `host${String(index).padStart(2, '0')}`);
const sharing = names.slice(3, 6);

const nixpkgs = process.env.NIXPKGS && resolve(process.env.NIXPKGS);
const root = await mkdtemp(join(tmpdir(), 'nixos-fleet-bench-'));
const folder = join(root, 'flake');
const fleet = await writeFleet(folder, names, nixpkgs);
process.env.XDG_CACHE_HOME = join(root, 'cache');

const evaluate = async () => {
  const hosts = Object.fromEntries(names.map((name) => [name, name]));
  return await evaluateFleet({ ...fleet, hosts, workers: 1 });
};
/** The same for Git, Nix's own locking and the evaluation, of these hosts alone. */
const floor = async (hosts: readonly string[]) => {
  const { exitCode, stderr } = await evalApply({
    flake: await lockFlake(fleet),
    attribute: 'nixosConfigurations',
    apply: `all: map (name: let inherit (all.\${name}.config.system.build) toplevel; in [ toplevel.drvPath toplevel.outPath ]) [ ${hosts.map(nixString).join(' ')} ]`,
  });
  if (exitCode !== 0) throw new Error(stderr);
};

let edits = 0;
const edit = async (path: string, name = '') => {
  edits += 1;
  await writeFile(
    join(folder, path),
    path.endsWith('.nix') ? `{ environment.etc."${name}".text = "${edits}"; }\n` : `${edits}\n`,
  );
  // A file that was written in the same tick of the kernel's clock counts as written during the evaluation.
  await setTimeout(20);
};
const expected = async (count: number) => {
  const { explanation = `0 of ${names.length}`, fromCache } = await evaluate();
  if (count === 0 ? !fromCache : !explanation.startsWith(`${count} of `)) throw new Error(explanation);
};

try {
  await mkdir(join(folder, 'notes'));
  for (const name of names) {
    const shared = sharing.includes(name) ? '../notes/shared.nix' : '';
    await writeFile(
      join(folder, 'hosts', `${name}.nix`),
      `{ imports = [ ../common.nix ../notes/${name}.nix ${shared} ]; }\n`,
    );
    await edit(`notes/${name}.nix`, 'note');
  }
  await edit('notes/shared.nix', 'shared');
  await edit('README');
  await run('git', ['-C', folder, 'init', '--quiet'], { timeoutSeconds: 30 });
  await run('git', ['-C', folder, 'add', '--all'], { timeoutSeconds: 30 });

  const rows: string[][] = [];
  const row = (what: string, { a, b, ratio }: Awaited<ReturnType<typeof compare>>) =>
    rows.push([what, `${a.toFixed(2)} s`, `${b.toFixed(2)} s`, ratio.toFixed(2)]);
  const cold = async () => {
    await rm(join(root, 'cache/nixos-fleet'), { recursive: true, force: true });
    await evaluate();
  };
  row('nothing cached, 12 hosts', await compare(cold, () => floor(names), runs));
  const [host = ''] = names.slice(7);
  const editHost = () => edit(`notes/${host}.nix`, 'note');
  const editShared = () => edit('notes/shared.nix', 'shared');
  // The first edits leave the very hosts that read a file.
  for (let again = 0; again < 3; again++) {
    await editHost();
    await evaluate();
    await editShared();
    await evaluate();
  }
  row(
    'a file of one host',
    await compare(
      () => expected(1),
      () => floor([host]),
      runs,
      editHost,
    ),
  );
  // The edit before the last `nix eval`.
  await evaluate();
  row(
    'a file of three hosts',
    await compare(
      () => expected(3),
      () => floor(sharing),
      runs,
      editShared,
    ),
  );
  await evaluate();
  row(
    'a README, against locking alone',
    await compare(
      () => expected(0),
      async () => {
        await lockFlake(fleet);
      },
      runs,
      () => edit('README'),
    ),
  );
  console.log(
    `Edits of a flake with ${names.length} machines of ${nixpkgs ?? 'the lab'}, medians of ${runs} pairs\n`,
  );
  console.log(markdownTable(['after an edit of', 'evaluateFleet', 'nix eval of these hosts', 'ratio'], rows));
} finally {
  await rm(root, { recursive: true, force: true });
}
