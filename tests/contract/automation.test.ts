/** The example for Pulumi's Automation API, by the real Pulumi CLI. What it prints of machines that are reached: tests/lab/fleet.test.ts. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CliProject, unsandboxed } from './cli-project.ts';
import { instantiate } from './derivations.ts';

const root = join(import.meta.dirname, '../..');
const deploy = 'examples/automation/deploy.ts';
const project = new CliProject(unsandboxed);
after(() => project.remove());

before(async () => {
  cpSync(join(root, 'tests/fixtures/recorded/flake'), join(project.folder, 'nix'), { recursive: true });
  const { exitCode, text } = await project.pulumi('stack', 'init', 'dev');
  assert.equal(exitCode, 0, text);
  project.write('index.ts', `await import('${join(root, 'tests/fixtures/fleet-program/index.ts')}');\n`);
  // Nothing listens there.
  const web = { connection: { address: '127.0.0.1', port: 1 } };
  project.write('fleet.json', JSON.stringify({ by: 'class', flake: 'path:./nix', hosts: { web } }));
});

const changesOf = ({ changes }: { changes: { op: string; resource: string }[] }) =>
  changes.map(({ op, resource }) => `${op} ${resource}`).sort();

test('a preview has what would be done to each machine', async () => {
  const { exitCode, stdout, stderr } = await project.node(deploy, '--preview', 'dev');
  const { result, machines, errors } = JSON.parse(stdout);
  assert.deepEqual([exitCode, result, errors], [0, 'succeeded', []], stderr);
  assert.deepEqual(Object.keys(machines), ['web']);
  assert.deepEqual(changesOf(machines.web), ['create Deployment web', 'create System web']);
  assert.deepEqual([machines.web.live, machines.web.errors], [null, []]);
});

test('a machine that cannot be reached has its error, and the exit code is 1', async () => {
  const { exitCode, stdout, stderr } = await project.node(deploy, 'dev');
  const { result, machines, errors } = JSON.parse(stdout);
  assert.deepEqual([exitCode, result, errors], [1, 'failed', []], stderr);
  assert.deepEqual(changesOf(machines.web), ['create System web']);
  assert.equal(machines.web.live, null);
  assert.match(machines.web.errors.join('\n'), /^web: .*\[unreachable\](.|\n)*fix: /);
});

test('an error of no machine stands apart: the stack does not exist', async () => {
  const { exitCode, stdout } = await project.node(deploy, 'nowhere');
  const { result, machines, errors } = JSON.parse(stdout);
  assert.deepEqual([exitCode, result, machines], [1, 'failed', {}]);
  assert.match(errors[0], /no stack named 'nowhere'/);
});

test('SIGINT ends the run, and the result is printed', { timeout: 120_000 }, async () => {
  const system = await instantiate('never-built', 'while :; do :; done');
  project.write('index.ts', `await import('${join(root, 'tests/fixtures/provider-program/index.ts')}');\n`);
  project.declare([{ type: 'nixos:index:System', name: 'web', inputs: { host: 'web', ...system } }]);
  const { exitCode, text } = await project.interruptNode(/nixos:index:System web creating/, deploy, 'dev');
  assert.equal(exitCode, 130, text);
  const { result, machines } = JSON.parse(text.slice(text.lastIndexOf('\n{\n')));
  assert.equal(result, 'interrupted');
  assert.match(machines.web.errors.join('\n'), /cancel/);
});
