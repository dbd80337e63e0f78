/** A system is booted in a temporary virtual machine before it is deployed, by the real CLI on a lab machine. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { ensureLabImageBase } from '../../lib/local/lab/image-base.ts';
import { TestStack } from '../lab/stack.ts';

let stack: TestStack;

/** Configures the stack with a health check of a port. */
async function configure(port: number): Promise<void> {
  const overrideInputs = {
    ...(await ensureLabBase()).overrideInputs,
    ...(await ensureLabImageBase()).overrideInputs,
  };
  const web = {
    lab: true,
    address: '10.213.43.11',
    rehearse: { memoryMiB: 768, startTimeoutSeconds: 900 },
    healthChecks: { page: { tcp: port, timeoutSeconds: 5 } },
  };
  const config = {
    flake: './nix/lab',
    overrideInputs: overrideInputs,
    lab: { system: 'imitation', network: '10.213.43.0/24' },
    hosts: { web },
  };
  stack.configure(config);
}

before(async () => {
  stack = await TestStack.create({ stack: 'rehearsal', network: '10.213.43' });
  await configure(80);
});

after(async () => {
  await stack.remove();
});

const rehearsals = async () =>
  (await stack.exportState()).deployment.resources.filter(({ type }) => type === 'nixos:index:Rehearsal');

/** The virtual machine and its files are gone. */
function assertGone(): void {
  const folder = join(stack.folder, 'state/nixos-fleet/vm/rehearsal');
  assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], []);
}

test('a new system is rehearsed once, then deployed', async () => {
  const { text } = await stack.pulumi('up', '--yes', '--skip-preview');
  assert.match(text, /rehearsed on kernel 6\.\S+; ssh answered after \d+ s/);
  const [rehearsal] = await rehearsals();
  assert.match(String(rehearsal?.outputs.kernel), /^6\./);
  assert.equal((await stack.output()).web?.generation, 1);
  assertGone();
  const again = await stack.pulumi('up', '--yes', '--skip-preview');
  assert.doesNotMatch(again.text, /rehearsed on/);
});

test('a system that fails its rehearsal is not deployed', async () => {
  const before = await stack.live();
  await configure(81);
  await stack.withEdit('nix/lab/hosts/web.nix', 'Hello from the fleet', 'Hello again', async () => {
    const shown = await stack.try('up', '--yes', '--skip-preview');
    assert.notEqual(shown.exitCode, 0);
    assert.match(shown.text, /was not touched \[rehearsal-failed\][\s\S]*health check page did not pass/);
  });
  assert.deepEqual(await stack.live(), before);
  assertGone();
});
