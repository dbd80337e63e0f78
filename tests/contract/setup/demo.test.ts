import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkout } from './checkout.ts';
import type { Sandbox } from './sandbox.ts';

const machines = JSON.stringify({
  web: { generation: 1, kernel: '6.1.0', services: ['nginx'], since: 'today' },
});

/** A pulumi that writes down how it is called; `up` ends with the given code. */
async function pulumi(sandbox: Sandbox, code: number): Promise<() => Promise<string[]>> {
  const calls = join(sandbox.root, 'calls');
  await sandbox.program(
    'pulumi',
    `[ "$1" != version ] || { echo v3.210.0; exit; }
     echo "$* [$PULUMI_BACKEND_URL] [\${PULUMI_CONFIG_PASSPHRASE-unset}]" >> '${calls}'
     case $1 in up) echo 'up is shown'; exit ${code} ;; destroy) exit ${code} ;; stack) case $2$3 in outputmachines) echo '${machines}' ;; outputlab) echo 'real NixOS' ;; esac ;; esac`,
  );
  return async () => (await readFile(calls, 'utf8')).trim().split('\n');
}

test('the demo deploys the dev stack into a state store of its own and shows the machines', async (t) => {
  const { sandbox, script } = await checkout(t);
  const calls = await pulumi(sandbox, 0);
  const result = await sandbox.run(script('demo'), []);
  assert.equal(result.code, 0, result.stderr);
  const state = `[file://${sandbox.home}/.local/state/nixos-fleet/pulumi] []`;
  assert.deepEqual(await calls(), [
    `stack select --create dev ${state}`,
    `up --yes --refresh --stack dev --suppress-outputs ${state}`,
    `stack output lab --stack dev ${state}`,
    `stack output machines --json --stack dev ${state}`,
  ]);
  assert.match(result.stderr, /state is kept in .* with an empty passphrase \(for lab machines only/);
  assert.match(result.stdout, /^up is shown$/m);
  assert.match(result.stdout, /^lab: real NixOS$/m);
  assert.match(result.stdout, /^web +1 +– +6\.1\.0 +nginx +today$/m);
  assert.match(result.stdout, /npm run demo -- destroy/);
});

test("Pulumi's exit code is passed on, and the live systems are shown even after a failure", async (t) => {
  const { sandbox, script } = await checkout(t);
  await pulumi(sandbox, 255);
  const result = await sandbox.run(script('demo'), []);
  assert.equal(result.code, 255);
  assert.match(result.stdout, /^web +1/m);
  assert.doesNotMatch(result.stdout, /Next:/);
  assert.equal((await sandbox.run(script('demo'), ['destroy'])).code, 255);
});

test('a state store and a passphrase of the user are never overridden', async (t) => {
  const { sandbox, script } = await checkout(t);
  const calls = await pulumi(sandbox, 0);
  const own = { PULUMI_BACKEND_URL: 's3://mine' };
  const result = await sandbox.run(script('with'), [script('pulumi-env'), 'pulumi', 'preview'], own);
  assert.equal(result.code, 0, result.stderr);
  await sandbox.run(script('with'), [script('pulumi-env'), 'pulumi', 'preview'], {
    PULUMI_CONFIG_PASSPHRASE: 'mine',
  });
  assert.deepEqual(await calls(), [
    'preview [s3://mine] [unset]',
    `preview [file://${sandbox.home}/.local/state/nixos-fleet/pulumi] [mine]`,
  ]);
});

test('an unknown argument is refused before anything else', async (t) => {
  const { sandbox, script } = await checkout(t);
  const calls = await pulumi(sandbox, 0);
  const result = await sandbox.run(script('demo'), ['destory']);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /usage: npm run demo \[-- destroy\]/);
  await assert.rejects(calls());
});
