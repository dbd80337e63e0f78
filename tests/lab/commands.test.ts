/** Commands around a deployment with the real @pulumi/command. Its plugin is in no package registry: without it, skipped. */
import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { TestStack } from './stack.ts';

const home = process.env.PULUMI_HOME ?? join(homedir(), '.pulumi');
const found =
  (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => existsSync(join(folder, 'pulumi-resource-command'))) ||
  globSync(join(home, 'plugins/resource-command-v1.*/pulumi-resource-command')).length > 0;
const options = {
  skip: found ? false : 'pulumi-resource-command is neither on PATH nor among Pulumi’s plugins',
};

const network = '10.213.31';
let stack: TestStack | undefined;

before(async () => {
  if (!found) return;
  stack = await TestStack.create({ stack: 'commands', network });
  const command = (step: string) =>
    `\n          ${step}: { create: "echo ${step} $(readlink -f /run/current-system) >>/var/log/around" }`;
  stack.edit(
    'Pulumi.commands.yaml',
    `address: ${network}.11`,
    `address: ${network}.11\n      commands:\n        before:${command('early')}\n        after:${command('late')}`,
  );
});

after(async () => {
  await stack?.remove();
});

test('commands run around each deployment, and at no other time', options, async () => {
  assert.ok(stack);
  await stack.up();
  const first = (await stack.live()).web?.system ?? '';
  const ran = async () => (await stack?.ssh('web', 'cat /var/log/around'))?.trim().split('\n');
  assert.deepEqual(await ran(), ['early', `late ${first}`]);
  await stack.up();
  assert.equal((await ran())?.length, 2);
  stack.edit('nix/lab/hosts/web.nix', 'Hello from', 'Greetings from');
  await stack.up();
  const next = (await stack.live()).web?.system ?? '';
  assert.deepEqual(await ran(), ['early', `late ${first}`, `early ${first}`, `late ${next}`]);
});
