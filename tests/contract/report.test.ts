import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { madeUpEvents } from '../fixtures/report/made-up-fleet.ts';
import { CliProject } from './cli-project.ts';

/** `npm run report` on a stack whose ssh answers for one machine and refuses the other. */
const project = new CliProject();
const bin = join(project.folder, 'bin');
const program = 'commands/report/main.ts';

const urn = (type: string, name: string) => `urn:pulumi:dev::fleet::${type}::${name}`;
const secret = (value: unknown) => ({
  '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
  plaintext: JSON.stringify(value),
});
const system = `/nix/store/${'a'.repeat(32)}-nixos-system-web`;
const deployment = (host: string) => ({
  urn: urn('nixos:index:Deployment', host),
  custom: true,
  id: host,
  type: 'nixos:index:Deployment',
  inputs: {
    host,
    connection: {
      address: secret(`hush-address-of-${host}`),
      user: 'root',
      becomePassword: secret('hush-password'),
    },
    healthChecks: secret({ api: { command: 'hush-check' } }),
    system,
  },
  outputs: {
    connection: secret({ address: `hush-address-of-${host}` }),
    live: {
      system,
      profileSystem: system,
      generation: 7,
      kernel: '6.18.37',
      rebootDue: false,
      history: `2026-11-28T05:54:39Z me@laptop: nixos-system-web (aaaaaaaa): confirmed`,
    },
  },
});

before(async () => {
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'ssh'),
    '#!/bin/sh\necho "ssh: connect to host $*: No route to host" >&2\nexit 255\n',
  );
  chmodSync(join(bin, 'ssh'), 0o755);
  for (const args of [
    ['stack', 'init', 'dev'],
    ['config', 'set', '--path', 'fleet:hosts.web1.tags[0]', 'eu'],
    ['config', 'set', '--secret', 'fleet:token', 'hush-token'],
  ]) {
    const { exitCode, text } = await project.pulumi(...args);
    assert.equal(exitCode, 0, text);
  }
  const resources = ['web1', 'web2'].map(deployment);
  const state = join(project.folder, 'state.json');
  const [, salt] = /^encryptionsalt: (.*)$/m.exec(written('Pulumi.dev.yaml')) ?? [];
  const secretsProviders = { type: 'passphrase', state: { salt } };
  const deployed = { manifest: {}, secrets_providers: secretsProviders, resources };
  writeFileSync(state, JSON.stringify({ version: 3, deployment: deployed }));
  const { exitCode, text } = await project.pulumi('stack', 'import', '--file', state);
  assert.equal(exitCode, 0, text);
});
after(() => project.remove());

process.env.PATH = `${bin}:${process.env.PATH}`;
const report = (...args: string[]) => project.node(program, '--stack', 'dev', ...args);
const written = (name: string) => readFileSync(join(project.folder, name), 'utf8');

test('the file has the machines of the state with their tags, and no secret', async () => {
  const { exitCode, text } = await report();
  assert.equal(exitCode, 0, text);
  assert.match(text, /^fleet\.html: 2 machines of dev, \d+ KiB\n$/);
  const page = written('fleet.html');
  for (const part of ['web1', 'web2', '@eu', system, 'by me@laptop']) assert.ok(page.includes(part), part);
  for (const part of ['hush', 'ciphertext', '4dabf18193072939515e22adb298388d'])
    assert.equal(page.includes(part), false, part);
});

test('no secret is decrypted: the passphrase is not needed', async () => {
  project.setVariable('PULUMI_CONFIG_PASSPHRASE', 'another one');
  try {
    const { exitCode, text } = await report('--out', 'other.html');
    assert.equal(exitCode, 0, text);
    const refused = await project.pulumi('stack', 'export', '--stack', 'dev', '--show-secrets');
    assert.match(refused.text, /incorrect passphrase/);
  } finally {
    project.setVariable('PULUMI_CONFIG_PASSPHRASE', '');
  }
});

test('a machine that cannot be read is shown with the error, without its secret address', async () => {
  const { exitCode, text } = await report('--live', '--out', 'live.html');
  assert.equal(exitCode, 1, text);
  const page = written('live.html');
  assert.match(page, /Read from the machines at/);
  assert.match(page, /\[unreachable\]/);
  assert.match(page, /\*\*\*.*No route to host/);
  assert.equal(page.includes('hush'), false);
});

test('a plan is read from a file or from standard input, and a text that is none is refused', async () => {
  writeFileSync(join(project.folder, 'plan.jsonl'), madeUpEvents(20));
  const { exitCode, text } = await report('--plan', 'plan.jsonl', '--out', '-');
  assert.equal(exitCode, 0, text);
  assert.match(text, /The plan is of the stack prod\./);
  assert.match(text, /DEBUG_INFO_BTF/);
  writeFileSync(join(project.folder, 'plan.md'), '# A summary');
  const refused = await report('--plan', 'plan.md');
  assert.equal(refused.exitCode, 2);
  assert.match(refused.text, /\[config-invalid\]/);
});
