/** Saved plans of the real Pulumi CLI, current and outdated, and a state that is older than the machines. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { TestStack } from './stack.ts';

let stack: TestStack;
const web = 'nix/lab/hosts/web.nix';

before(async () => {
  stack = await TestStack.create({ stack: 'plan', network: '10.213.39' });
  await stack.up();
});

after(async () => {
  await stack?.remove();
});

/** Changes the page of the web server and saves a plan. */
async function plan(word: string): Promise<string> {
  stack.write(web, stack.read(web).replace(/\w+ from the fleet/, `${word} from the fleet`));
  const file = join(stack.folder, `${word}.json`);
  const shown = await stack.pulumi('preview', '--save-plan', file);
  assert.match(shown.text, /Deployment.* web update/);
  assert.doesNotMatch(shown.text, /LiveSystems.*(create|update)/);
  return file;
}

/** Asserts that Pulumi refuses a plan before any machine changes; returns its output. */
async function refused(file: string, ...options: string[]): Promise<string> {
  const generations = async () =>
    Object.entries(await stack.live()).map(([name, live]) => [name, live.generation]);
  const before = await generations();
  const switches = await stack.ssh('web', 'wc -l </var/lib/nixos-fleet/history.jsonl');
  const { exitCode, text } = await stack.try('up', '--yes', '--plan', file, ...options);
  assert.notEqual(exitCode, 0, text);
  assert.deepEqual(await generations(), before);
  assert.equal(await stack.ssh('web', 'wc -l </var/lib/nixos-fleet/history.jsonl'), switches);
  assert.doesNotMatch(text, /copying the system|[1-9]\d* updated/);
  return text;
}

test('a saved plan is carried out', async () => {
  const file = await plan('Planned');
  const { generation = 0 } = (await stack.live()).web ?? {};
  const { text } = await stack.pulumi('up', '--yes', '--plan', file);
  assert.match(text, /2 updated/);
  assert.equal((await stack.live()).web?.generation, generation + 1);
});

test('a plan is refused when the configuration has changed since', async () => {
  const file = await plan('Early');
  stack.edit(web, 'Early', 'Late');
  const text = await refused(file);
  assert.match(text, /::web violates plan: properties changed/);
});

const planned = (machine: string) =>
  new RegExp(`::fleet violates plan: properties changed: [=~]~${machine} runs\\[`);

test('a plan is refused when a machine was switched by hand since; up without the plan deploys it', async () => {
  const file = await plan('Outrun');
  const { system = '' } = (await stack.live()).db ?? {};
  await stack.ssh('db', 'ln -sfn /nix/store /run/current-system');
  const text = await refused(file);
  assert.match(text, planned('db'));
  // Also without the preview.
  assert.match(await refused(file, '--skip-preview'), planned('db'));
  await stack.pulumi('refresh', '--yes', '--skip-preview');
  await stack.up();
  assert.equal((await stack.ssh('db', 'readlink -f /run/current-system')).trim(), system);
});

test('a plan is refused when a colleague has deployed a machine since', async () => {
  const file = await plan('Mine');
  const mine = stack.read(web);
  stack.edit(web, 'Mine', 'Theirs');
  await stack.up();
  stack.write(web, mine);
  assert.match(await refused(file), planned('web'));
});

test('a plan is refused when a machine is off, before anything changes', async () => {
  const file = await plan('Off');
  const address = '10.213.39.12/32';
  await run('ip', ['route', 'add', 'unreachable', address], { timeoutSeconds: 10 });
  try {
    assert.match(await refused(file), /[=~]~db runs\[.*not reached/);
  } finally {
    await run('ip', ['route', 'del', 'unreachable', address], { timeoutSeconds: 10 });
  }
  await stack.pulumi('up', '--yes', '--plan', file);
});

test('a state older than the machines: up warns and deploys, or refuses with onDrift fail', async () => {
  const file = join(stack.folder, 'older.json');
  writeFileSync(file, (await stack.pulumi('stack', 'export')).stdout);
  const before = await stack.live();
  await plan('Newer');
  await stack.up();
  const newer = (await stack.live()).web?.system;
  await stack.pulumi('stack', 'import', '--file', file);
  assert.deepEqual(await stack.live(), before);
  const refresh = await stack.pulumi('refresh', '--preview-only', '--diff');
  assert.ok(refresh.text.includes(newer ?? 'none'), refresh.text);
  // The desired system is neither the recorded nor the live one.
  stack.edit(web, 'Newer', 'Newest');
  await stack.withEdit(
    'Pulumi.plan.yaml',
    'address: 10.213.39.11',
    'address: 10.213.39.11\n      onDrift: fail',
    async () => {
      const failed = await stack.try('up', '--yes', '--skip-preview');
      assert.notEqual(failed.exitCode, 0, failed.text);
      assert.match(failed.text, /web: the live system is not the recorded one \[drifted\]/);
      assert.equal((await stack.ssh('web', 'readlink -f /run/current-system')).trim(), newer);
    },
  );
  const { text } = await stack.up();
  assert.match(text, /web: the live system is not the recorded one/);
  const { web: now } = await stack.live();
  assert.equal((await stack.ssh('web', 'readlink -f /run/current-system')).trim(), now?.system);
  assert.match(await (await fetch('http://10.213.39.11/')).text(), /Newest/);
  assert.match((await stack.preview()).text, /no changes|\d+ unchanged/);
});
