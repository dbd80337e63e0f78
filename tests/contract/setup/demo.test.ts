import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkout } from './checkout.ts';
import type { Sandbox } from './sandbox.ts';

const web = { generation: 1, kernel: '6.1.0', services: ['nginx'], since: 'today' };
const containers = { web };
const all = { web, vm: { ...web, services: [] } };

/** A pulumi and a CLI that write down how they are called; each deployment ends with the next of the codes, and has made the next machines. */
async function pulumi(
  sandbox: Sandbox,
  deployments: readonly { code?: number; machines: object }[],
  before: object = {},
): Promise<() => Promise<string[]>> {
  const calls = join(sandbox.root, 'calls');
  const machines = join(sandbox.root, 'machines');
  await writeFile(machines, JSON.stringify(before));
  for (const [index, { code = 0, machines }] of deployments.entries())
    await writeFile(join(sandbox.root, `deployment-${index + 1}`), `${code} ${JSON.stringify(machines)}`);
  const deploy = `n=$(($(cat '${sandbox.root}/count' 2>/dev/null || echo 0) + 1)); echo $n > '${sandbox.root}/count'
     read -r code rest < '${sandbox.root}/deployment-'$n; echo "$rest" > '${machines}'; echo "up $n is shown"; exit $code`;
  const note = `echo "$* [$PULUMI_BACKEND_URL] [\${PULUMI_CONFIG_PASSPHRASE-unset}]" >> '${calls}'`;
  await sandbox.program(
    'pulumi',
    `[ "$1" != version ] || { echo v3.210.0; exit; }
     case $1$2 in stackoutput) ;; *) ${note} ;; esac
     case $1 in up) ${deploy} ;; destroy) exit 255 ;; stack) case $2$3 in outputmachines) cat '${machines}' ;; outputlab) echo 'real NixOS' ;; esac ;; esac`,
  );
  await sandbox.program(
    'node',
    `case $1 in --version) echo v24.9.0 ;; commands/nixos-fleet.cjs) ${note}
     ${deploy} ;; *) exec '${process.execPath}' "$@" ;; esac`,
  );
  return async () => (await readFile(calls, 'utf8')).trim().split('\n');
}

const own = (sandbox: Sandbox) => `[file://${sandbox.home}/.local/state/nixos-fleet/pulumi] []`;
const ofContainers =
  'commands/nixos-fleet.cjs up --on @container --yes --stack dev -- --skip-preview --refresh --suppress-outputs';
const ofAll = 'up --yes --refresh --stack dev --suppress-outputs';

test('the demo deploys the containers, then all machines, into a state store of its own, and shows them and its times', async (t) => {
  const { sandbox, script } = await checkout(t);
  const calls = await pulumi(sandbox, [{ machines: containers }, { machines: all }]);
  const result = await sandbox.run(script('demo'), []);
  assert.equal(result.code, 0, result.stderr);
  const state = own(sandbox);
  assert.deepEqual(await calls(), [
    `stack select --create dev ${state}`,
    `${ofContainers} ${state}`,
    `${ofAll} ${state}`,
  ]);
  assert.match(result.stderr, /state is kept in .* with an empty passphrase \(for lab machines only/);
  assert.match(
    result.stdout,
    /^up 1 is shown$.*^lab: real NixOS$.*^web +1 +– +6\.1\.0 +nginx +today$.*--no-vm leaves it out.*^up 2 is shown$.*^vm +1 /ms,
  );
  assert.match(
    result.stdout,
    /^Times:\n {2}tools +0 min +\d+ s\n {2}containers +0 min +\d+ s\n {2}virtual machine +0 min +\d+ s$/m,
  );
  assert.match(result.stdout, /npm run demo -- destroy/);
});

test('without the virtual machine the demo ends after the containers, which are deployed again', async (t) => {
  const { sandbox, script } = await checkout(t);
  const calls = await pulumi(sandbox, [{ machines: containers }], all);
  const result = await sandbox.run(script('demo'), ['--no-vm']);
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual((await calls()).slice(1), [`${ofContainers} ${own(sandbox)}`]);
  assert.doesNotMatch(result.stdout, /virtual machine/);
  assert.match(result.stdout, /Next:/);
});

test('where the virtual machine exists, all machines are deployed at once', async (t) => {
  const { sandbox, script } = await checkout(t);
  const calls = await pulumi(sandbox, [{ machines: all }], all);
  assert.equal((await sandbox.run(script('demo'), [])).code, 0);
  assert.deepEqual((await calls()).slice(1), [`${ofAll} ${own(sandbox)}`]);
});

test("Pulumi's exit code is passed on, and the live systems are shown even after a failure", async (t) => {
  const { sandbox, script } = await checkout(t);
  await pulumi(sandbox, [{ code: 255, machines: containers }]);
  const result = await sandbox.run(script('demo'), []);
  assert.equal(result.code, 255);
  assert.match(result.stdout, /^web +1.*^Times:$/ms);
  assert.doesNotMatch(result.stdout, /Next:|up 2/);
  assert.equal((await sandbox.run(script('demo'), ['destroy'])).code, 255);
});

test('a state store and a passphrase of the user are never overridden', async (t) => {
  const { sandbox, script } = await checkout(t);
  const calls = await pulumi(sandbox, []);
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

test('Pulumi runs at least 32 operations at once, unless the user has set a number', async (t) => {
  const { sandbox, script } = await checkout(t);
  await sandbox.program(
    'pulumi',
    `[ "$1" != version ] || exec echo v3.210.0; echo "parallel \${PULUMI_PARALLEL-unset}"`,
  );
  const printed = async (processors: number, own: Record<string, string> = {}) => {
    await sandbox.program('nproc', `echo ${processors}`);
    const { stdout } = await sandbox.run(script('with'), [script('pulumi-env'), 'pulumi', 'up'], own);
    return /^parallel (.*)$/m.exec(stdout)?.[1];
  };
  assert.equal(await printed(2), '32');
  assert.equal(await printed(8), 'unset');
  assert.equal(await printed(2, { PULUMI_PARALLEL: '3' }), '3');
});

test('an unknown argument is refused before anything else', async (t) => {
  const { sandbox, script } = await checkout(t);
  const calls = await pulumi(sandbox, []);
  for (const args of [['destory'], ['--no-vm', 'destroy']]) {
    const result = await sandbox.run(script('demo'), args);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /usage: npm run demo \[-- --no-vm \| destroy\]/);
  }
  await assert.rejects(calls());
});
