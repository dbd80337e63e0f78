import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { formatFacts, type HostFacts } from '../../schema/facts.ts';
import { someFacts } from '../fixtures/facts.ts';
import { CliProject, type Declared } from './cli-project.ts';
import { instantiate, write } from './derivations.ts';

/** `npm run preview-summary` on previews of the real CLI and provider. No machine is read: a preview compares recorded facts. */
const project = new CliProject();
after(() => project.remove());
const file = (name: string) => join(project.folder, name);
const [linux, newLinux, system, newSystem] = await Promise.all(
  ['linux-one', 'linux-two', 'web-one', 'web-two'].map((name) => instantiate(name, write(name))),
);
assert.ok(linux && newLinux && system && newSystem);

const kernel = {
  ...{ version: '6.18.1', modDirVersion: '6.18.1', source: 's', sourceRevision: '', dev: '', patches: {} },
  ...linux,
  config: { KVM: 'm', EXT4: 'y' },
  machines: ['web'],
};

function deployment(host: string, outPath: string, facts: HostFacts): Declared {
  const connection = { address: `${host}.example.org`, user: 'root', becomePassword: 'hush-hush' };
  const inputs = { host, connection, system: outPath, facts: formatFacts(facts) };
  return { type: 'nixos:index:Deployment', name: host, inputs };
}

const summary = (...args: string[]) => project.node('commands/summary/main.ts', ...args);

const facts = someFacts();
const machines = ['web', 'db', 'old'].map((host) => deployment(host, system.outPath, facts));
const built: Declared[] = [
  { type: 'nixos:index:Kernel', name: 'linux', inputs: kernel },
  { type: 'nixos:index:System', name: 'web', inputs: { host: 'web', ...system } },
];

/** Deployed machines, as an update records them. */
async function recordMachines(): Promise<void> {
  const exported = JSON.parse((await project.pulumi('stack', 'export')).stdout);
  const { resources } = exported.deployment;
  const like = resources.find(({ type }: { type: string }) => type === 'nixos:index:System');
  const live = {
    ...{ system: system?.outPath, profileSystem: system?.outPath, booted: system?.outPath, generation: 3 },
    ...{ specialisation: '', kernel: '6.18.36', rebootDue: false, bootId: 'b', revision: '', history: '' },
    since: '2026-01-01T00:00:00Z',
  };
  for (const { name, type, inputs } of machines) {
    const recorded = { profile: 'system', ...inputs };
    const urn = like.urn.replace('nixos:index:System::web', `${type}::${name}`);
    const outputs = { ...recorded, live: { ...live, machineId: name } };
    const links = { dependencies: [], propertyDependencies: {} };
    resources.push({ ...like, ...links, urn, type, id: name, inputs: recorded, outputs });
  }
  writeFileSync(file('state.json'), JSON.stringify(exported));
  const { exitCode, text } = await project.pulumi('stack', 'import', '--file', file('state.json'));
  assert.equal(exitCode, 0, text);
}

before(async () => {
  await project.pulumi('stack', 'init', 'dev');
});

test('new resources are reported, with exit code 2', async () => {
  project.declare([...built, ...machines]);
  const { exitCode, text } = await summary('--stack', 'dev');
  assert.equal(exitCode, 2, text);
  assert.match(text, /^### Preview of `dev`: 3 machines are new, 1 other resource changes$/m);
  assert.match(text, /^\| `db` \| is new \| – \| – \|$/m);
  assert.match(text, /^- `linux of web` is new$/m);
});

test('a preview of new resources shows counts, and the whole on request (fault 80)', async () => {
  const { text } = await project.pulumi('preview', '--diff');
  assert.match(text, /config +: "2 symbols: 1 y, 1 m"/);
  assert.match(text, /ports +: "sshd on 22; open: 22\/tcp"/);
  assert.doesNotMatch(text, /EXT4|nixosLabel/);
  await project.pulumi('config', 'set', 'nixos:newResources', 'whole');
  const whole = await project.pulumi('preview', '--diff');
  assert.match(whole.text, /EXT4: "y"/);
  assert.match(whole.text, /nixosLabel/);
  await project.pulumi('config', 'rm', 'nixos:newResources');
});

test('without changes the exit code is 0', async () => {
  project.declare(built);
  const up = await project.pulumi('up', '--yes', '--skip-preview');
  assert.equal(up.exitCode, 0, up.text);
  await recordMachines();
  project.declare([...built, ...machines]);
  const { exitCode, text } = await summary();
  assert.equal(exitCode, 0, text);
  assert.match(text, /^### Preview of `dev`: 3 machines unchanged$/m);
});

const changed = someFacts({ packages: { jq: '1.8' }, kernel: { ...facts.kernel, version: '6.18.38' } });
const another: Declared[] = [
  { type: 'nixos:index:Kernel', name: 'linux', inputs: { ...kernel, ...newLinux, config: { KVM: 'y' } } },
  { type: 'nixos:index:System', name: 'web', inputs: { host: 'web', ...newSystem } },
  deployment('web', newSystem.outPath, changed),
  deployment('db', system.outPath, facts),
];

test('a changed symbol is shown at its leaf', async () => {
  project.declare(another);
  const { text } = await project.pulumi('preview', '--diff');
  assert.match(text, /~ __config: \{\n\s+- EXT4: "y"\n\s+~ KVM +: "m" => "y"/);
});

test('each machine’s changes come from its facts, without secrets, also with a saved plan', async () => {
  project.declare(another);
  const { exitCode, text } = await summary(
    ...['--output', file('summary.md'), '--', '--show-secrets', '--save-plan', file('plan.json')],
  );
  assert.equal(exitCode, 2, text);
  const expected =
    'Preview of dev: 1 machine changes, 1 machine is removed from the stack, 1 machine unchanged, 1 other resource changes\n';
  assert.equal(text, expected);
  assert.ok(existsSync(file('plan.json')));
  const markdown = readFileSync(file('summary.md'), 'utf8');
  assert.match(
    markdown,
    /^\| `web` \| changes \| 2 \| `reboot due after this: kernel 6\.18\.36 → 6\.18\.38` \|$/m,
  );
  assert.match(markdown, /^\| `old` \| is removed from the stack \| – \| – \|$/m);
  assert.match(markdown, /^~ packages\.jq: "1\.7" => "1\.8"$/m);
  assert.match(markdown, /^- config\.EXT4: "y"\n~ config\.KVM: "m" => "y"$/m);
  assert.doesNotMatch(markdown, /hush-hush|`db`/);
});

test('the output of pulumi can be read from a file', async () => {
  const { stdout } = await project.pulumi('preview', '--json', '--show-sames');
  writeFileSync(file('preview.json'), stdout);
  const { exitCode, text } = await summary('--from', file('preview.json'));
  assert.equal(exitCode, 2);
  assert.equal(text, readFileSync(file('summary.md'), 'utf8'));
});

test('a failed preview is reported with its partial result, with exit code 1', async () => {
  const inputs = { host: 'bad', drvPath: '/etc/passwd' };
  project.declare([...another, { type: 'nixos:index:System', name: 'bad', inputs, dependsOn: ['web'] }]);
  const { exitCode, text } = await summary();
  assert.equal(exitCode, 1);
  assert.match(text, /^### Preview of `dev`: it failed, 1 machine changes/m);
  assert.match(text, /#### Errors\n\n```text\nSystem bad: .*outPath/);
  assert.match(text, /^~ packages\.jq/m);
});

test('a program or stack that does not exist is a failure in the summary, with its reason', async () => {
  const { exitCode } = await summary('--stack', 'nonesuch', '--output', file('summary.md'));
  assert.equal(exitCode, 1);
  assert.match(
    readFileSync(file('summary.md'), 'utf8'),
    /`nonesuch`: it failed\n\n.*no stack named 'nonesuch'/s,
  );
  writeFileSync(file('resources.json'), '{');
  const crashed = await summary();
  assert.equal(crashed.exitCode, 1);
  assert.match(crashed.text, /it failed.*Expected property name/s);
});

test('a usage error is not reported as changes', async () => {
  assert.equal((await summary('--form', 'x')).exitCode, 1);
  assert.equal((await summary('--limit', 'much')).exitCode, 1);
  writeFileSync(file('preview.json'), 'error: no');
  const { exitCode, text } = await summary('--from', file('preview.json'));
  assert.equal(exitCode, 1);
  assert.match(text, /not what pulumi preview --json prints .*why: {2}error: no/s);
});

test('without a selected stack, commands say how to select or make one', async () => {
  await project.pulumi('stack', 'unselect');
  for (const [program, ...args] of [
    ['commands/status/main.ts'],
    ['commands/fleet/main.ts', 'preview'],
    ['commands/adopt/main.ts'],
  ] as [string, ...string[]][]) {
    const { exitCode, text } = await project.node(program, ...args);
    assert.equal(exitCode, 2, text);
    assert.match(
      text,
      /^no stack is selected \[config-invalid\]\n {2}fix: .*--stack[\s\S]*pulumi stack init NAME/m,
    );
  }
});
