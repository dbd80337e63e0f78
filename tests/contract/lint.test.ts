import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { runToEnd } from '../../lib/base/process/run.ts';

/** The configuration of `npm run lint` on small projects that break its rules. */
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'lint-'));
after(() => rmSync(folder, { recursive: true }));

/** A project of these files, with this project's configuration. */
function project(name: string, files: Record<string, string>): string {
  const path = join(folder, name);
  mkdirSync(path);
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
  const configuration = [
    '.dependency-cruiser.mjs',
    '.oxlintrc.json',
    'knip.json',
    'package.json',
    'tsconfig.json',
  ];
  for (const file of configuration) copyFileSync(join(root, file), join(path, file));
  for (const [file, text] of Object.entries({ '.gitignore': 'node_modules\n', ...files })) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  }
  return path;
}

async function check(cwd: string, tool: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runToEnd(join(root, 'node_modules/.bin', tool), args, {
    cwd,
    timeoutSeconds: 120,
  });
  assert.notEqual(exitCode, 0, `${tool} found nothing:\n${stdout}${stderr}`);
  return stdout;
}

test('imports against the order, circles, unresolvable and misplaced imports are refused, and no others', async () => {
  /** Importing file, imported file or package, rule that refuses it. */
  const refused = [
    ['schema/a.ts', 'lib/base/a.ts', 'order-of-schema'],
    ['components/a.ts', 'lib/base/a.ts', 'order-of-components'],
    ['components/b.ts', 'program/a.ts', 'order-of-components'],
    ['program/b.ts', 'commands/a.ts', 'order-of-program'],
    ['program/c.ts', 'index.ts', 'order-of-program'],
    ['commands/b.ts', 'provider/a.ts', 'order-of-commands'],
    ['provider/b.ts', 'program/a.ts', 'order-of-provider'],
    ['lib/store/a.ts', 'provider/a.ts', 'order-of-lib'],
    ['lib/base/b.ts', 'lib/store/leaf.ts', 'order-of-base'],
    ['lib/store/b.ts', 'lib/machine/leaf.ts', 'order-of-store'],
    ['lib/machine/a.ts', 'lib/evaluation/leaf.ts', 'order-of-machine'],
    ['lib/evaluation/a.ts', 'lib/machine/leaf.ts', 'order-of-evaluation'],
    ['lib/kernel/a.ts', 'lib/local/leaf.ts', 'order-of-kernel'],
    ['lib/local/a.ts', 'lib/images/leaf.ts', 'order-of-local'],
    ['lib/store/c.ts', 'tests/a.ts', 'sources-import-no-test'],
    ['lib/store/d.ts', 'execa', 'processes-start-in-base'],
    ['provider/c.ts', 'node:child_process', 'processes-start-in-base'],
    ['lib/machine/b.ts', '@grpc/grpc-js', 'grpc-stays-in-service-and-wire'],
    ['provider/resources/a.ts', '@pulumi/pulumi/proto/provider_pb.js', 'grpc-stays-in-service-and-wire'],
    ['components/c.ts', '@pulumi/pulumi', 'programs-load-parts-of-the-sdk'],
    ['lib/base/c.ts', 'lib/base/missing.ts', 'resolvable'],
    ['lib/base/one.ts', 'lib/base/two.ts', 'no-circle'],
  ] as const;
  const allowed = [
    ['index.ts', 'program/a.ts'],
    ['commands/a.ts', 'lib/images/leaf.ts'],
    ['program/a.ts', 'components/leaf.ts'],
    ['components/leaf.ts', 'schema/leaf.ts'],
    ['lib/base/a.ts', 'schema/leaf.ts'],
    ['lib/images/leaf.ts', 'lib/local/leaf.ts'],
    ['lib/local/leaf.ts', 'lib/machine/leaf.ts'],
    ['lib/machine/leaf.ts', 'lib/store/leaf.ts'],
    ['lib/evaluation/leaf.ts', 'lib/store/leaf.ts'],
    ['provider/a.ts', 'lib/kernel/leaf.ts'],
    ['provider/d.ts', 'components/leaf.ts'],
    ['lib/base/two.ts', 'lib/base/one.ts'],
    ['lib/base/process/a.ts', 'execa'],
    ['provider/service/a.ts', '@grpc/grpc-js'],
    ['components/d.ts', '@pulumi/pulumi/resource.js'],
    ['tests/a.ts', 'provider/a.ts'],
  ] as const;
  const files = { 'schema/leaf.ts': '', 'lib/store/leaf.ts': '', 'lib/kernel/leaf.ts': '' };
  const cwd = project(
    'order',
    Object.fromEntries([
      ...Object.entries(files),
      ...[...refused, ...allowed].map(([from, to]) => {
        const isFile = to.endsWith('.ts');
        const up = '../'.repeat(from.split('/').length - 1) || './';
        // Type imports count.
        return [from, `import type {} from '${isFile ? `${up}${to}` : to}';\n`];
      }),
    ]),
  );
  const report = await check(cwd, 'depcruise', '.', '--output-type', 'err');
  const found = [...report.matchAll(/error ([\w-]+): (\S+) →/g)].map(([, rule, from]) => [from, rule]);
  // Imports against the order also make folder circles, which the next test covers.
  const ofFiles = found.filter(([, rule]) => rule !== 'no-circle-of-folders');
  assert.deepEqual(ofFiles.sort(), refused.map(([from, , rule]) => [from, rule]).sort());
});

test('two folders that import each other are refused, though no files do', async () => {
  const cwd = project('folders', {
    'lib/store/a/one.ts': "import type {} from '../b/two.ts';\n",
    'lib/store/a/two.ts': '',
    'lib/store/b/one.ts': "import type {} from '../a/two.ts';\n",
    'lib/store/b/two.ts': '',
  });
  const report = await check(cwd, 'depcruise', '.', '--output-type', 'err');
  assert.match(report, /error no-circle-of-folders: lib\/store\/a →/);
  assert.doesNotMatch(report, /error no-circle:/);
});

test('unused files, exports, types and packages are refused', async () => {
  const cwd = project('unused', {
    'index.ts': "import { used } from './lib/base/a.ts';\nused();\n",
    'lib/base/a.ts':
      'export function used(): void {}\nexport function spare(): void {}\nexport type Spare = 1;\n',
    'lib/base/alone.ts': '',
  });
  const report = JSON.parse(await check(cwd, 'knip', '--no-progress', '--reporter', 'json'));
  const issues = Object.fromEntries(report.issues.map((issue: { file: string }) => [issue.file, issue]));
  const names = (list: { name: string }[]) => list.map(({ name }) => name);
  assert.deepEqual(names(issues['lib/base/alone.ts'].files), ['lib/base/alone.ts']);
  assert.deepEqual(names(issues['lib/base/a.ts'].exports), ['spare']);
  assert.deepEqual(names(issues['lib/base/a.ts'].types), ['Spare']);
  assert.ok(names(issues['package.json'].dependencies).includes('zod'));
});

test('floating promises and switches that miss a case are refused; tests are not awaited', async () => {
  const cwd = project('promises', {
    'a.ts': `import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

export function missing(kind: 'one' | 'two'): number {
  switch (kind) {
    case 'one':
      return 1;
  }
  return 2;
}
test('holds', () => {});
sleep(1);
`,
  });
  const report = await check(cwd, 'oxlint', '--type-aware', '--format', 'unix');
  assert.match(report, /^a\.ts:12:1: Promises must be awaited/m);
  assert.match(report, /^a\.ts:5:11: Switch is not exhaustive/m);
  assert.match(report, /^2 problems$/m);
});
