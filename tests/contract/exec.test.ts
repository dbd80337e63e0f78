import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execLine } from '../../schema/exec-line.ts';
import { statusDocument } from '../../schema/status.ts';
import { CliProject } from './cli-project.ts';

/** `npm run exec` and `npm run status` on the machines of a recorded stack, whose ssh runs this computer's shell. */
const project = new CliProject();
const bin = join(project.folder, 'bin');
const program = 'commands/exec/main.ts';

const urn = (type: string, name: string) => `urn:pulumi:dev::fleet::${type}::${name}`;
const deployment = (host: string) => ({
  urn: urn('nixos:index:Deployment', host),
  custom: true,
  id: host,
  type: 'nixos:index:Deployment',
  inputs: { host, connection: { address: host } },
  outputs: { live: { system: `/nix/store/${'a'.repeat(32)}-nixos-system-${host}` } },
});

before(async () => {
  mkdirSync(bin);
  // `gone` cannot be reached; the others are named by $MACHINE.
  writeFileSync(
    join(bin, 'ssh'),
    `#!/bin/sh
while [ "$1" != -- ]; do shift; done
[ "$2" != gone ] || { echo 'ssh: connect to host gone port 22: No route to host' >&2; exit 255; }
MACHINE=$2 exec sh -c "$3"
`,
  );
  chmodSync(join(bin, 'ssh'), 0o755);
  for (const args of [
    ['stack', 'init', 'dev'],
    ['config', 'set', '--path', 'fleet:hosts.web1.tags[0]', 'eu'],
    ['config', 'set', '--path', 'fleet:hosts.gone.tags[0]', 'eu'],
  ]) {
    const { exitCode, text } = await project.pulumi(...args);
    assert.equal(exitCode, 0, text);
  }
  const resources = ['web1', 'web2', 'db', 'gone'].map(deployment);
  const state = join(project.folder, 'state.json');
  writeFileSync(state, JSON.stringify({ version: 3, deployment: { manifest: {}, resources } }));
  const { exitCode, text } = await project.pulumi('stack', 'import', '--file', state);
  assert.equal(exitCode, 0, text);
});
after(() => project.remove());

const withPath = (args: string[]): [string, ...string[]] => [program, '--stack', 'dev', ...args];
process.env.PATH = `${bin}:${process.env.PATH}`;
const exec = (...args: string[]) => project.node(...withPath(args));

test('runs on the selected machines, each line behind its name', async () => {
  const { exitCode, stdout, stderr } = await exec('--on', 'web*', 'printenv', 'MACHINE');
  assert.deepEqual(stdout.split('\n').sort(), ['', 'web1 | web1', 'web2 | web2']);
  assert.equal(stderr, '2 machines: 2 exit code 0\n');
  assert.equal(exitCode, 0);
});

test('machines that fail or are not reached are named, and the others run', async () => {
  const script = '[ "$MACHINE" != db ] || exit 3; echo "$0 is well"';
  const { exitCode, stdout, stderr } = await exec('--on', '*', '--', 'sh', '-c', script, 'it');
  assert.deepEqual(stdout.split('\n').sort(), ['', 'web1 | it is well', 'web2 | it is well']);
  assert.match(stderr, /^db {3}\| exit code 3$/m);
  assert.match(
    stderr,
    /^gone \| the ssh connection failed \(root@gone\): .*No route to host \[unreachable\]$/m,
  );
  assert.match(stderr, /^4 machines: 2 exit code 0, 1 exit code 3 \(db\), 1 unreachable \(gone\)$/m);
  assert.equal(exitCode, 1);
});

test('tags come from the config; one line of a shell; JSON', async () => {
  const { exitCode, stdout } = await exec('--on', '@eu', '--json', '--shell', 'echo "$MACHINE" | tr a-z A-Z');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => execLine.parse(JSON.parse(line)));
  const about = (machine: string) => lines.filter((line) => line.machine === machine);
  assert.deepEqual(about('web1').slice(0, -1), [{ machine: 'web1', stream: 'stdout', line: 'WEB1' }]);
  assert.equal(about('web1').at(-1)?.machine, 'web1');
  const [failed, ...more] = about('gone');
  assert.ok(failed && 'ended' in failed && failed.ended === 'failed' && more.length === 0);
  assert.equal(failed.error.code, 'unreachable');
  assert.equal(lines.length, 3);
  assert.equal(exitCode, 1);
});

test('in blocks, equal outputs once', async () => {
  const { exitCode, stdout } = await exec(
    '--on',
    '*,!gone',
    '--at-once',
    '1',
    '--group',
    '--',
    'echo',
    'same',
  );
  assert.equal(
    stdout,
    'db: exit code 0\n  same\nweb1: exit code 0, the output of db\nweb2: exit code 0, the output of db\n',
  );
  assert.equal(exitCode, 0);
});

test('a limit ends what takes longer', { timeout: 60_000 }, async () => {
  const { exitCode, stderr } = await exec('--on', 'db', '--timeout', '1', 'sleep', '4721');
  assert.match(stderr, /^db \| ended by --timeout after 1 s\n1 machine: 1 timed out \(db\)$/m);
  assert.equal(exitCode, 1);
});

test('Ctrl-C ends the commands on the machines, and starts no more', { timeout: 60_000 }, async () => {
  const args = withPath(['--on', 'web*', '--at-once', '1', '--', 'sh', '-c', 'echo begun; exec sleep 4722']);
  const { exitCode, text } = await project.interruptNode(/begun/, ...args);
  assert.match(text, /^2 machines: 2 cancelled \(web1, web2\)$/m);
  assert.doesNotMatch(text, /web2 \| begun/);
  assert.equal(exitCode, 130);
});

test('status lists a machine that is not reached, as JSON by the schema', async () => {
  const status = (...args: string[]) =>
    project.node('commands/status/main.ts', '--stack', 'dev', '--on', 'gone', ...args);
  const json = await status('--json');
  assert.equal(json.exitCode, 1);
  const [machine, ...others] = statusDocument.parse(JSON.parse(json.stdout)).machines;
  assert.ok(machine?.readable === false && others.length === 0);
  assert.deepEqual([machine.name, machine.error.code], ['gone', 'unreachable']);
  assert.match((await status()).stdout, /^gone +cannot be read: .*No route to host \[unreachable\]$/m);
  assert.equal((await status('--interval', '0')).exitCode, 2);
});

test('what is missing or wrong is refused before anything runs', async () => {
  for (const [fits, ...args] of [
    [/--on is missing/, 'uptime'],
    [/the command is missing/, '--on', 'web1'],
    [/web3 names no host[\s\S]*Did you mean web/, '--on', 'web3', 'uptime'],
    [/--at-once 0 is not a number from 1 on/, '--on', 'web1', '--at-once', '0', 'uptime'],
    [/--group and --json exclude each other/, '--on', 'web1', '--group', '--json', 'uptime'],
  ] as [RegExp, ...string[]][]) {
    const { exitCode, text } = await exec(...args);
    assert.match(text, fits);
    assert.equal(exitCode, 2);
  }
});
