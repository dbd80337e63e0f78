import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../../lib/base/process/run.ts';
import { CliProject } from './cli-project.ts';

/** The CLI as a user starts it: help, mistakes, exit codes, completion. */
const project = new CliProject();
const main = 'commands/nixos-fleet.cjs';
const cli = (...args: string[]) => project.node(main, ...args);

before(async () => {
  for (const args of [
    ['stack', 'init', 'dev'],
    ['config', 'set', '--path', 'fleet:hosts.web1.tags[0]', 'eu'],
    ['config', 'set', '--path', 'fleet:hosts.web2.tags[0]', 'us'],
  ]) {
    const { exitCode, text } = await project.pulumi(...args);
    assert.equal(exitCode, 0, text);
  }
});
after(() => project.remove());

test('the help names the commands, and that of a command its options and examples', async () => {
  const all = await cli('--help');
  assert.equal(all.exitCode, 0);
  assert.match(all.stdout, /^ {2}status .*what each machine runs$/m);
  assert.doesNotMatch(all.stdout, /__complete/);
  for (const [name, option] of [
    ['status', /^ {2}--watch {2,}read again/m],
    ['exec', /^ {2}--at-once <N> {2,}.*default: "10"/m],
    ['install-host', /^ {2}--no-reboot {2,}stay/m],
  ] as const) {
    const { exitCode, stdout, stderr } = await cli(name, '--help');
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, new RegExp(`^Usage: nixos-fleet ${name} `));
    assert.match(stdout, option);
    assert.match(stdout, new RegExp(`^Examples:\n {2}nixos-fleet ${name}`, 'm'));
    assert.equal((await cli('help', name)).stdout, stdout);
  }
  // Scripts, which would install something.
  for (const name of ['setup', 'demo']) {
    const { exitCode, stdout } = await cli(name, '--help');
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      new RegExp(`^Usage: nixos-fleet ${name} .*Examples:\n {2}nixos-fleet ${name}\n`, 's'),
    );
    assert.equal((await cli(name, '--nosuch')).exitCode, 2);
  }
});

test('an unknown command or option is refused with a suggestion', async () => {
  const command = await cli('stauts');
  assert.equal(command.exitCode, 2);
  assert.match(
    command.stderr,
    /^unknown command 'stauts' \[config-invalid\]\n {2}fix: {2}Did you mean status\?\n/,
  );
  assert.match(
    (await cli('nosuch', '--help')).stderr,
    /^unknown command 'nosuch' \[config-invalid\]\n {2}fix: {2}See nixos-fleet --help/,
  );
  const option = await cli('status', '--wacth');
  assert.equal(option.exitCode, 2);
  assert.match(
    option.stderr,
    /^unknown option '--wacth' \[config-invalid\]\n {2}fix: {2}Did you mean --watch\?\n {8}usage: nixos-fleet status/,
  );
  // Its 2 means that there are changes.
  assert.equal((await cli('summary', '--wacth')).exitCode, 1);
});

test('the words after -- are the command’s, whatever they look like', async () => {
  const { exitCode, stderr } = await cli(
    'exec',
    '--stack',
    'dev',
    '--on',
    'web1',
    '--',
    'ls',
    '--help',
    '--',
    '-V',
  );
  assert.match(stderr, /web1 names no host/);
  assert.equal(exitCode, 2);
});

test('bash completes commands, options, hosts and tags of the config', async () => {
  const bin = join(project.folder, 'bin');
  mkdirSync(bin);
  const root = fileURLToPath(new URL('../..', import.meta.url));
  writeFileSync(
    join(bin, 'nixos-fleet'),
    `#!/bin/sh\nexec '${process.execPath}' '${join(root, main)}' "$@"\n`,
  );
  chmodSync(join(bin, 'nixos-fleet'), 0o755);
  const complete = async (...words: string[]) => {
    const script = `eval "$(nixos-fleet completion bash)"; COMP_WORDS=(nixos-fleet "$@"); COMP_CWORD=$#; _nixos_fleet; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run('bash', ['-c', script, 'bash', ...words], {
      cwd: project.folder,
      env: { ...project.env, PATH: `${bin}:${process.env.PATH}` },
      timeoutSeconds: 120,
    });
    return stdout.trim().split('\n').filter(Boolean);
  };
  assert.deepEqual(await complete('st'), ['status']);
  assert.deepEqual(await complete('status', '--wa'), ['--watch']);
  assert.deepEqual(await complete('ssh', '-s', 'dev', 'we'), ['web1', 'web2']);
  assert.deepEqual(await complete('exec', '--stack', 'dev', '--on', 'web1,@'), ['web1,@eu', 'web1,@us']);
  assert.deepEqual(await complete('exec', '--on', 'x', '--', 'w'), []);
});
