/**
 * Runs the named suites, or all, and prints the counts in the last line: `N passed, N failed, N skipped`.
 * Usage: node tests/run.ts [lint|unit|contract|lab|vm|nixpkgs|real|many]…
 */
import { globSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { lint } from './lint.ts';
import { lacksPrograms } from './real/binary-cache.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Lack {
  why: string;
  /** Variables that would give it. */
  example: string;
}

interface Suite {
  /** Test files; undefined for the linters. */
  pattern?: string;
  /** Number of test files that run at once. */
  concurrency: number;
  /** Names of the slowest files, which begin first, so that none of them runs alone at the end. */
  slowest?: readonly string[];
  /** A module that each test file loads first. */
  preload?: string;
  /** What the suite cannot run without, if that is not there: it then counts as one skipped test. */
  lacks?: () => Promise<Lack | undefined> | Lack | undefined;
}

const suites: Record<string, Suite> = {
  lint: { concurrency: 1 },
  unit: { pattern: 'tests/unit/**/*.test.ts', concurrency: 2, preload: './tests/no-processes.ts' },
  contract: { pattern: 'tests/contract/**/*.test.ts', concurrency: 2 },
  // More files than cores: these tests mostly wait for machines. Each file has a network, ports and names of its own.
  lab: {
    pattern: 'tests/lab/**/*.test.ts',
    concurrency: 3,
    slowest: ['rollout', 'cache', 'selected', 'fleet', 'plan', 'rollback', 'hardware-config', 'guides'],
  },
  vm: { pattern: 'tests/vm/**/*.test.ts', concurrency: 2 },
  // One file at a time, as the tests measure the evaluator.
  nixpkgs: { pattern: 'tests/nixpkgs/**/*.test.ts', concurrency: 1, lacks: lacksNixpkgs },
  // As the lab's.
  real: {
    pattern: 'tests/real/**/*.test.ts',
    concurrency: 3,
    slowest: ['switch', 'lab', 'boot-loader', 'machine', 'predictions'],
    lacks: async () => lacksNixpkgs() ?? (await lacksPrograms()),
  },
  // As many lab machines as MACHINES says, each with its own systemd.
  many: { pattern: 'tests/many/**/*.test.ts', concurrency: 1, lacks: lacksMachines },
};

function lacksMachines(): Lack | undefined {
  return process.env.MACHINES ? undefined : { why: 'MACHINES is not set', example: 'MACHINES=30' };
}

function lacksNixpkgs(): Lack | undefined {
  return process.env.NIXPKGS ? undefined : { why: 'NIXPKGS is not set', example: 'NIXPKGS=/path/to/nixpkgs' };
}

async function runSuite(
  name: string,
  { pattern, concurrency, slowest = [], preload, lacks }: Suite,
): Promise<Counts> {
  if (!pattern) return await lint();
  const lack = await lacks?.();
  if (lack) {
    console.log(`SKIPPED: ${lack.why}. To run it: ${lack.example} npm run test:${name}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const files = inOrder(globSync(pattern), slowest);
  if (files.length === 0) throw new Error(`suite ${name} has no test files (${pattern})`);
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const events = run({
    files,
    concurrency,
    execArgv: preload ? ['--import', preload] : [],
    // Of each test. The longest takes five minutes on two idle cores, and may begin with a kernel, which takes eight.
    timeout: 30 * 60 * 1000,
  });
  const costs: [file: string, seconds: number][] = [];
  events.on('test:summary', ({ file, duration_ms, counts: { passed, skipped, tests, todo } }) => {
    if (file !== undefined) {
      costs.push([relative(process.cwd(), file), duration_ms / 1000]);
      return;
    }
    Object.assign(counts, { passed, skipped: skipped + todo, failed: tests - passed - skipped - todo });
  });
  const report = events.compose(spec);
  report.pipe(process.stdout, { end: false });
  await finished(report, { writable: false });
  console.log(slowestFiles(costs));
  return counts;
}

/** By name, the slowest first. */
function inOrder(files: string[], slowest: readonly string[]): string[] {
  const place = (file: string) => {
    const at = slowest.indexOf(basename(file, '.test.ts'));
    return at < 0 ? slowest.length : at;
  };
  return files.toSorted((one, other) => place(one) - place(other) || one.localeCompare(other, 'en'));
}

/** Duration of each test file, slowest first. */
function slowestFiles(costs: [file: string, seconds: number][]): string {
  const slowest = costs.toSorted(([, one], [, other]) => other - one);
  return slowest.map(([file, seconds]) => `${seconds.toFixed(0).padStart(6)} s  ${file}`).join('\n');
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in suites));
if (unknown.length > 0) {
  console.error(`unknown suite ${unknown.join(', ')}; there are: ${Object.keys(suites).join(', ')}`);
  process.exit(2);
}
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const [name, suite] of Object.entries(suites)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const begun = Date.now();
  console.log(`\n== ${name}`);
  const counts = await runSuite(name, suite);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  console.log(`== ${name}: ${Math.round((Date.now() - begun) / 1000)} s`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
// A run without any test fails.
process.exitCode = total.failed > 0 || total.passed + total.skipped === 0 ? 1 : 0;
