import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownFolder } from '../../../fixtures/flakes/copy.ts';
import { flakeOf, ReadsFlake } from './reads-flake.ts';

// READS_ROUNDS=300 READS_SEED=1 for more; the seed of a run is printed.
const rounds = Number(process.env.READS_ROUNDS ?? 4);
const seed = Number(process.env.READS_SEED ?? Date.now() % 1_000_000);
/** A new flake after so many rounds. */
const roundsPerFlake = 20;

/** mulberry32: the same numbers for the same seed. */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomOf(seed);
const below = (limit: number) => Math.floor(random() * limit);
const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;

const paths = ['a.nix', 'b.nix', 'c.nix', 'd/a.nix', 'd/b.nix', 'd/e/a.nix', 't/one', 't/two', 't/u/three'];
const nixFiles = paths.filter((path) => path.endsWith('.nix'));
const folders = ['d', 't', 'd/e', 't/u'];

/** A Nix expression of a text that reads the flake. Files import only those after them in the list, so there are no circles. */
function expression(file: string, depth = 0): string {
  const root = `./${'../'.repeat(file.split('/').length - 1)}`;
  const at = (path: string) => `(${root}. + "/${path}")`;
  const path = pick(paths);
  const later = nixFiles.slice(nixFiles.indexOf(file) + 1);
  const imported = later.length > 0 ? pick(later) : undefined;
  const there = (target: string, text: string) =>
    `(if builtins.pathExists ${at(target)} then ${text} else "no ${target}")`;
  const simple = [
    () => `"${below(1000)}"`,
    () => there(path, `builtins.readFile ${at(path)}`),
    () => there(path, `builtins.hashFile "sha256" ${at(path)}`),
    () => there(path, `"\${${at(path)}}"`),
    () => there(path, `builtins.path { path = ${at(path)}; name = "x"; }`),
    () => there(pick(folders), '"yes"'),
    () => {
      const folder = pick(folders);
      return there(folder, `builtins.toJSON (builtins.readDir ${at(folder)})`);
    },
    () => {
      const folder = pick(folders);
      const filter = `filter = path: type: type == "directory" || baseNameOf path != "${pick(['one', 'a.nix'])}";`;
      return there(
        folder,
        `builtins.path { path = ${at(folder)}; name = "f"; ${random() < 0.5 ? filter : ''} }`,
      );
    },
    () => (imported ? there(imported, `import ${at(imported)}`) : '"none"'),
  ];
  const rare = [
    () => `toString ${at(path)}`,
    () => '(self.rev or "dirty")',
    () => 'toString self.lastModified',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Nix
    () => '"${self}"',
  ];
  const kinds = file === 'flake.nix' && random() < 0.1 ? rare : simple;
  const text = pick(kinds)();
  return depth < 2 && random() < 0.5 ? `${text} + ${expression(file, depth + 1)}` : text;
}

const content = (path: string) =>
  path.endsWith('.nix') ? `${expression(path)}\n` : `${pick(['x', 'y', 'z'])}${below(50)}\n`;

test(`random edits of random flakes: the facts are those of a cold evaluation (READS_ROUNDS=${rounds} READS_SEED=${seed})`, async () => {
  let counted = 0;
  let evaluated = 0;
  for (let round = 0; round < rounds; ) {
    process.env.XDG_CACHE_HOME = await ownFolder();
    const hosts = ['h0', 'h1', 'h2', 'h3', 'h4', 'h5'];
    const flakeText = () => flakeOf(Object.fromEntries(hosts.map((name) => [name, expression('flake.nix')])));
    const files = Object.fromEntries(paths.filter(() => random() < 0.8).map((path) => [path, content(path)]));
    const flake = await ReadsFlake.make({ ...files, 'flake.nix': flakeText(), README: 'x' }, hosts, {
      git: random() < 0.7,
    });
    const isGit = existsSync(join(flake.folder, '.git'));
    const done: string[] = [];
    const edit = async (): Promise<string> => {
      const path = pick(paths);
      const kind = random();
      if (isGit && kind < 0.1) {
        await flake.commit();
        return 'commit';
      }
      if (kind < 0.2 && existsSync(join(flake.folder, path))) {
        flake.remove(path);
        return `remove ${path}`;
      }
      if (kind < 0.3) {
        flake.write('flake.nix', flakeText());
        return 'flake.nix';
      }
      if (kind < 0.4) {
        flake.write('README', String(random()));
        return 'README';
      }
      flake.write(path, content(path));
      if (isGit && random() < 0.7) await flake.git('add', '--all');
      return path;
    };
    for (const end = Math.min(rounds, round + roundsPerFlake); round < end; round++) {
      if (done.length > 0) done.push(await edit());
      else done.push('new');
      try {
        const explanation = await flake.evaluate({ workers: pick([1, 2]) });
        const count = /^(\d+) of (\d+)/.exec(explanation);
        if (count) {
          counted += Number(count[2]);
          evaluated += Number(count[1]);
        } else if (explanation === 'nothing evaluated') counted += hosts.length;
      } catch (error) {
        throw new Error(`round ${round} of READS_SEED=${seed}: ${done.join(', ')}`, { cause: error });
      }
    }
  }
  console.log(`${rounds} rounds, seed ${seed}: ${evaluated} of ${counted} evaluated after edits`);
  if (rounds >= 100) assert.ok(evaluated < counted, 'nothing was kept in any round');
});
