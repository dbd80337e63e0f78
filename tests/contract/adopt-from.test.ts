import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { parse } from 'yaml';
import { CliProject } from './cli-project.ts';

/** `npm run adopt -- --from` writes a stack's config from a flake with the outputs of each tool, by the real Nix and Pulumi. */
const project = new CliProject();
after(() => project.remove());

const file = join(project.folder, 'Pulumi.dev.yaml');
const from = (...args: string[]) =>
  project.node('commands/adopt/main.ts', '--from', ...args, '--stack', 'dev');
const configOf = () => parse(readFileSync(file, 'utf8')).config as Record<string, unknown>;
const hosts = () => configOf()['fleet:hosts'];

before(async () => {
  const { exitCode, text } = await project.pulumi('stack', 'init', 'dev');
  assert.equal(exitCode, 0, text);
  const fixture = new URL('../fixtures/flakes/other-tools', import.meta.url).pathname;
  cpSync(fixture, join(project.folder, 'flake'), { recursive: true });
});

beforeEach(() => rmSync(file, { force: true }));

test('a hive becomes hosts, its keys secrets, and what is left out is listed', async () => {
  const { exitCode, text } = await from('colmena', './flake');
  assert.equal(exitCode, 0, text);
  assert.match(text, /^Pulumi\.dev\.yaml: 2 hosts$/m);
  assert.match(text, /^1 of their secrets is encrypted in it$/m);
  assert.match(text, /^ {2}db: deployment\.buildOnTarget: /m);
  assert.match(
    text,
    /^ {2}nixosConfigurations lacks db: add to its outputs: nixosConfigurations = self\.colmenaHive/m,
  );
  assert.doesNotMatch(text + readFileSync(file, 'utf8'), /Kanarienvogel/);
  const { web, db } = hosts() as Record<string, { secrets?: Record<string, { value?: object }> }>;
  const secure = web?.secrets?.token?.value;
  assert.match(JSON.stringify(secure), /^\{"secure":"v1:/);
  assert.deepEqual(web, {
    address: '192.0.2.11',
    user: 'deploy',
    tags: ['eu'],
    secrets: {
      cert: { file: 'flake/keys/cert', path: '/var/lib/cert', mode: '0600' },
      token: { value: secure, group: 'nginx', mode: '0600' },
    },
  });
  assert.deepEqual(db, {});
  assert.equal(configOf()['fleet:flake'], './flake');
  const shown = await project.pulumi('config', 'get', '--path', 'hosts.web.secrets.token.value');
  assert.equal(shown.stdout.trim(), 'Kanarienvogel');
});

test('deploy-rs’s nodes become hosts, without an evaluation of their profiles', async () => {
  const { exitCode, text } = await from('deploy-rs', './flake');
  assert.equal(exitCode, 0, text);
  assert.deepEqual(hosts(), {
    db: { address: '192.0.2.12', configuration: 'server', user: 'deploy' },
    web: { address: '192.0.2.11', user: 'deploy' },
  });
  assert.match(text, /^ {2}db: magicRollback = false: /m);
  assert.match(text, /^ {2}db: the profile home: /m);
});

test('nixosConfigurations become hosts at their domain names', async () => {
  const { exitCode, text } = await from('nixos-rebuild', './flake');
  assert.equal(exitCode, 0, text);
  assert.deepEqual(hosts(), { server: { address: 'db' }, web: { address: 'web.example.org' } });
});

test('the flake of the config is the default, and what the file has stays', async () => {
  writeFileSync(
    file,
    'config:\n  fleet:flake: ./flake # ours\n  fleet:hosts:\n    web:\n      address: www # by name\n',
  );
  const { exitCode, text } = await from('deploy-rs');
  assert.equal(exitCode, 0, text);
  assert.match(text, /^ {2}web: address stays as it is$/m);
  assert.match(
    readFileSync(file, 'utf8'),
    /flake: \.\/flake # ours\n.*\n.*\n {6}address: www # by name\n {6}user: deploy/,
  );
});

test('mistakes are refused, and nothing is written', async () => {
  for (const [args, reason] of [
    [['morph'], /--from morph: is not colmena, deploy-rs, nixos-rebuild/],
    [['colmena', './flake', 'more'], /takes one flake alone/],
    [['colmena', './nowhere'], /\[flake-invalid\]/],
  ] as const) {
    const { exitCode, text } = await from(...args);
    assert.equal(exitCode, 2, text);
    assert.match(text, reason);
  }
  assert.throws(() => readFileSync(file), /ENOENT/);
});

test('a flake without the output of the tool is refused with its name', async () => {
  const flake = join(project.folder, 'bare');
  cpSync(join(project.folder, 'flake'), flake, { recursive: true });
  writeFileSync(join(flake, 'flake.nix'), '{ outputs = _: { }; }');
  for (const [tool, output] of [
    ['colmena', 'colmena'],
    ['deploy-rs', 'deploy'],
    ['nixos-rebuild', 'nixosConfigurations'],
  ] as const) {
    const { exitCode, text } = await from(tool, './bare');
    assert.equal(exitCode, 2, text);
    assert.match(text, new RegExp(`the flake './bare' has no ${output} \\[flake-invalid\\]`));
  }
});
