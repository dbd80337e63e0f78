/**
 * What a preview says about closures, predicted from derivations alone, against `nix store diff-closures` of the built systems: for
 * each step of the tours, for modules, and for a release of the packages. The last test prints a table.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { changeBetween } from '../../lib/evaluation/closure/change.ts';
import type { PackageChange } from '../../lib/evaluation/closure/compare.ts';
import { Derivations, type Graph } from '../../lib/evaluation/closure/graph.ts';
import { predictClosure } from '../../lib/evaluation/closure/predict.ts';
import { closureOf, type PathInfo, pathInfos } from '../../lib/store/nix/path-info.ts';
import { asLines, diffClosures } from '../fixtures/diff-closures.ts';
import { realSystems } from './real-systems.ts';
import { report } from './report.ts';
import { tours } from './tours.ts';

const modules = ['module-server', 'module-people', 'module-updates', 'installed', 'installer'];
const releases = ['release-a', 'release-b', 'release-b-unit'];
/** With nixpkgs' own packages there are no releases. */
const hasReleases = process.env.SWITCH_TO_CONFIGURATION !== undefined;

const visits: string[][] = [...tours, ...modules.map((name) => [name, 'plain']), ['other-init', 'plain']];
const pairs: [from: string, to: string][] = [
  ...visits.flatMap((tour) => tour.map((to, index): [string, string] => [tour[index - 1] ?? 'plain', to])),
  ...(hasReleases
    ? releases.flatMap((from) =>
        ['plain', ...releases].filter((to) => to !== from).flatMap((to): [string, string][] => [[from, to]]),
      )
    : []),
];

const derivations = new Derivations();
const rows: string[][] = [];
const totals = { changes: 0, probable: 0, missed: 0, invented: 0, false: 0 };

let systems: Record<string, string>;
let infos: Map<string, PathInfo>;

before(async () => {
  systems = await realSystems([...new Set(['plain', ...pairs.flat()])]);
  infos = await pathInfos({ paths: Object.values(systems), recursive: true });
});

for (const [from, to] of pairs) {
  test(`the closure from ${from} to ${to}`, async () => {
    const [old, desired] = [systems[from] ?? '', systems[to] ?? ''];
    const predicted = await predict(old, desired);
    const lines = asLines(predicted);
    const found = await diffClosures(old, desired);
    const probable = asLines(predicted.filter(({ certainty }) => certainty === 'probable'));
    const missed = found.filter((line) => !lines.includes(line));
    const wrong = lines.filter((line) => !found.includes(line));
    const invented = wrong.filter((line) => !probable.includes(line));
    const unlikely = wrong.filter((line) => probable.includes(line));
    totals.changes += found.length;
    totals.probable += probable.length;
    totals.missed += missed.length;
    totals.invented += invented.length;
    totals.false += unlikely.length;
    const counts = [found, lines, probable].map((list) => String(list.length));
    rows.push([from, to, ...counts, missed.join('; '), invented.join('; '), unlikely.join('; ')]);
    assert.deepEqual(missed, [], 'missed');
    assert.deepEqual(invented, [], 'invented');
  });
}

test('an update of the packages changes versions, adds and removes packages', {
  skip: !hasReleases,
}, async () => {
  const found = await diffClosures(systems['release-a'] ?? '', systems['release-b'] ?? '');
  for (const line of ['openssl: 3.5.1 → 3.5.2', 'libfido2: ∅ → 1.16.0', 'boehm-gc: 8.2.8 → ∅'])
    assert.ok(found.includes(line), line);
});

test('the table', () => {
  const head = [
    'from',
    'to',
    'changes',
    'predicted',
    'of these probably',
    'missed',
    'invented',
    'probably, and false',
  ];
  report('closures', [head, ...rows.filter(([from]) => from?.startsWith('release'))]);
  const { changes, probable, missed, invented, false: unlikely } = totals;
  console.log(
    `${rows.length} pairs, ${changes} changes: ${missed} missed, ${invented} invented, ${probable} reported as probable, ${unlikely} of these false`,
  );
  assert.ok(rows.length >= 38, 'at least 38 pairs');
});

/** As for a system of which nothing is built: only sources are known. */
async function predict(old: string, desired: string): Promise<PackageChange[]> {
  const closure = new Map(closureOf(old, infos).map((path) => [path, infos.get(path) as PathInfo]));
  const [graph, oldGraph] = [await graphOf(desired), await graphOf(old)];
  const sources = [...graph.nodes.values(), ...oldGraph.nodes.values()].flatMap((node) => node.sources);
  const known = await pathInfos({ paths: [...new Set(sources)] });
  const request = { outPath: desired, graph, known, old: { path: old, closure, graph: oldGraph } };
  return changeBetween(closure, predictClosure(request)).packages;
}

async function graphOf(system: string): Promise<Graph> {
  const graph = await derivations.graph(infos.get(system)?.deriver ?? '');
  assert.ok(graph, `the derivations of ${system}`);
  return graph;
}
