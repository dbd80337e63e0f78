/** Health checks, drift, lockout and history on a machine with real systemd and sshd. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { FleetError } from '../../lib/base/errors.ts';
import { runToEnd } from '../../lib/base/process/run.ts';
import { arrivalInterface } from '../../lib/machine/arrival.ts';
import { describeLive, readLiveSystems } from '../../lib/machine/check-live.ts';
import { readMachine } from '../../lib/machine/read-machine.ts';
import { readHistory } from '../../lib/machine/record/history.ts';
import type { Machine } from '../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { formatFacts, type HostFacts } from '../../schema/facts.ts';
import { healthCheck } from '../../schema/health-check.ts';
import { CliProject } from '../contract/cli-project.ts';
import { someFacts } from '../fixtures/facts.ts';
import { Deployer } from './deployer.ts';
import { fixtureSystem } from './fixture-system.ts';
import { failsWith, MachineUnderTest } from './machine-under-test.ts';

let machine: MachineUnderTest;
let deployer: Deployer;
let good: string;

before(async () => {
  machine = await MachineUnderTest.create('guards', '10.213.24');
  good = await fixtureSystem('good');
  deployer = new Deployer(machine.target.connection);
});

after(async () => {
  await machine?.remove();
});

beforeEach(async () => {
  await deployer.up(good);
});

async function checkLive(machine: Machine, desired: string): Promise<string | undefined> {
  const answer = (await readLiveSystems({ one: machine }, readMachine)).one;
  assert.ok(answer);
  return describeLive(answer, 'one', desired);
}

const check = (settings: object) => healthCheck.parse({ timeoutSeconds: 2, ...settings });

const failing: [string, object, RegExp, string?][] = [
  [
    'a command on the machine',
    { command: 'echo "queue is stuck"; exit 3' },
    /health check one did not pass within 2 s: exit code 3: queue is stuck/,
  ],
  ['a command that hangs', { command: 'sleep 60' }, /timed out/],
  ['a TCP port', { tcp: 81 }, /ECONNREFUSED/],
  ['an HTTP status', { http: { url: '/' } }, /http:\/\/10\.213\.24\.11\/: .*ECONNREFUSED/],
  [
    'failed units',
    { units: 'none-failed' },
    /failed units: broken\.service/,
    'systemd-run --quiet --unit=broken --service-type=oneshot /bin/false; true',
  ],
];
for (const [index, [name, settings, why, hook]] of failing.entries()) {
  test(`a failing health check: rolled back, and the error has its result: ${name}`, async () => {
    const bad = await fixtureSystem(`unhealthy-${index}`, hook ? { test: hook } : {});
    await assert.rejects(
      deployer.up(bad, { healthChecks: { one: check(settings), fine: check({ tcp: 22 }) } }),
      (error: FleetError) =>
        failsWith('health-check-failed', why)(error) &&
        /rolled back to .*-good$/.test(error.why ?? '') &&
        !/fine/.test(error.why ?? ''),
    );
    await machine.assertOn(good, deployer);
    await machine.run('systemctl reset-failed');
  });
}

test('health checks are repeated until they pass: confirmed', async () => {
  const next = await fixtureSystem('healthy', {
    test: 'rm -f /run/ready; systemd-run --quiet --timer-property=AccuracySec=100ms --on-active=1 touch /run/ready',
  });
  const healthChecks = {
    ready: check({ command: 'test -e /run/ready', timeoutSeconds: 20 }),
    sshd: check({ tcp: 22 }),
    units: check({ units: 'none-failed' }),
  };
  await deployer.up(next, { healthChecks });
  await machine.assertOn(next, deployer);
  assert.ok(deployer.lines.includes('health check ready: passed'), deployer.lines.join('\n'));
});

test('a health check may take longer than confirmTimeoutSeconds: the supervisor waits for it', async () => {
  const next = await fixtureSystem('slow', {
    test: 'rm -f /run/ready; systemd-run --quiet --timer-property=AccuracySec=100ms --on-active=4 touch /run/ready',
  });
  const healthChecks = { ready: check({ command: 'test -e /run/ready', timeoutSeconds: 30 }) };
  await deployer.up(next, { healthChecks, confirmTimeoutSeconds: 2 });
  await machine.assertOn(next, deployer);
});

test('a machine switched by hand before an update: a warning, or refused with onDrift fail', async () => {
  const other = await fixtureSystem('by-hand');
  const next = await fixtureSystem('after-drift');
  const foreign = new Deployer(machine.target.connection);
  await foreign.up(other);
  await machine.run(`rm -r /nix/var/nix/gcroots/nixos-fleet/${other.split('/').at(-1)}`);
  await assert.rejects(
    deployer.up(next, { onDrift: 'fail' }),
    failsWith('drifted', /by-hand, which nixos-fleet did not deploy\nthe recorded system is .*-good$/),
  );
  assert.equal((await readMachine(machine.target)).system, other, 'nothing was changed');
  await deployer.up(next, { onDrift: 'overwrite' });
  assert.match(deployer.lines.join('\n'), /the live system is not the recorded one.*by-hand, not .*-good/);
  await machine.assertOn(next, deployer);
});

test('one round trip finds a machine that was switched by hand, or is off', async () => {
  assert.equal(await checkLive(machine.target, 'another'), undefined);
  const other = await fixtureSystem('named');
  await new Deployer(machine.target.connection).up(other);
  assert.equal(await checkLive(machine.target, 'another'), undefined, 'deployed from elsewhere');
  await machine.run(`${good}/bin/switch-to-configuration test`);
  assert.match(
    (await checkLive(machine.target, 'another')) ?? '',
    /^one runs .*-good instead of .*-named, which the last deployment \(by .+@.+, .*\) left live$/,
  );
  assert.equal(await checkLive(machine.target, good), undefined, 'the desired system');
  await machine.run(`ln -sfn /nix/store /run/current-system`);
  assert.match((await checkLive(machine.target, good)) ?? '', /which nixos-fleet did not deploy$/);
  await machine.run(`${other}/bin/switch-to-configuration test`);
  const { connection } = machine.target;
  const off = machineAt('one', { ...connection, address: '10.213.24.99', connectTimeoutSeconds: 1 });
  assert.match(
    (await checkLive(off, good)) ?? '',
    /^the live system of one could not be read: .*unreachable\]$/,
  );
  await deployer.refresh();
});

test('a lockout is an error at preview unless it is allowed; status lists the machine (fault 49)', async () => {
  const project = new CliProject();
  try {
    const facts = (changes: Partial<HostFacts> = {}) =>
      formatFacts(someFacts({ users: { root: { wheel: true, keys: { 'SHA256:x': '' } } }, ...changes }));
    const declare = (system: string, settings: object) =>
      project.declare([
        {
          type: 'nixos:index:Deployment',
          name: 'one',
          inputs: {
            host: 'one',
            connection: machine.target.connection,
            system,
            revision: 'cli',
            ...settings,
          },
        },
      ]);
    await project.pulumi('stack', 'init', 'test');
    declare(good, { facts: facts() });
    const up = await project.pulumi('up', '--yes', '--skip-preview');
    assert.equal(up.exitCode, 0, up.text);
    const next = await fixtureSystem('locks-out');
    const closed = facts({ firewall: { enabled: true, tcp: { 80: true }, udp: {} } });
    declare(next, { facts: closed });
    const refused = await project.pulumi('preview');
    assert.notEqual(refused.exitCode, 0, refused.text);
    assert.match(
      refused.text,
      /one: the new configuration would lock you out: the firewall no longer opens port 22/,
    );
    assert.doesNotMatch(refused.text, /nixosLabel|fileSystems/, 'the facts are not printed');
    assert.ok(refused.text.split('\n').length < 40, refused.text);
    declare(next, { facts: closed, allowLockout: ['firewall'] });
    const allowed = await project.pulumi('preview');
    assert.equal(allowed.exitCode, 0, allowed.text);
    const env = {
      PULUMI_BACKEND_URL: `file://${project.folder}/backend`,
      PULUMI_CONFIG_PASSPHRASE: '',
      PULUMI_HOME: join(project.folder, 'home'),
    };
    const main = new URL('../../commands/status/main.ts', import.meta.url).pathname;
    const args = [main, '--stack', 'test'];
    const status = await runToEnd(process.execPath, args, { cwd: project.folder, env, timeoutSeconds: 60 });
    assert.equal(status.exitCode, 0, status.stderr);
    assert.match(status.stdout, /^one +nixos-system-good \(.{8}\) +\d+ +– +– +\d{4}-/m);
    assert.match(status.stdout, /^one +\S+ \S+ +\S+@\S+ +r +nixos-system-\S+ \(.{8}\) +confirmed$/m);
  } finally {
    project.remove();
  }
});

test('a firewall that leaves ssh another interface alone is refused before anything changes (faults 40, 74)', async () => {
  const next = await fixtureSystem('limited');
  const firewall = (...tcp: string[]) => ({
    enabled: true,
    tcp: Object.fromEntries(tcp.map((port) => [port, true])),
    udp: {},
  });
  await deployer.up(good, { facts: formatFacts(someFacts({ firewall: firewall('22') })) });
  const used = await arrivalInterface(machineAt('one', machine.target.connection));
  assert.ok(used);
  const limited = (name: string) => formatFacts(someFacts({ firewall: firewall(`${name}:22`) }));
  await assert.rejects(deployer.up(next, { facts: limited('wg0') }), (error: FleetError) => {
    assert.match(error.message, new RegExp(`opens? port 22 on wg0 alone, and ssh arrives on ${used}`));
    return true;
  });
  assert.equal((await readMachine(machine.target)).system, good);
  await deployer.up(next, { facts: limited(used) });
});

test('the machine keeps a history: who, when, which revision and systems, and the result', async () => {
  const next = await fixtureSystem('recorded');
  const begun = Date.now();
  await deployer.up(next, { revision: 'its-revision' });
  await assert.rejects(deployer.up(await fixtureSystem('failing', { test: 'exit 2' })));
  const [failed, confirmed] = await readHistory(machine.target, 2);
  assert.equal(failed?.outcome, 'activation-failed');
  assert.equal(failed?.previous, next);
  assert.equal(confirmed?.outcome, 'confirmed');
  assert.equal(confirmed?.revision, 'its-revision');
  assert.deepEqual([confirmed?.system, confirmed?.previous], [next, good]);
  assert.match(confirmed?.by ?? '', /^.+@.+$/);
  const endedAt = confirmed?.endedAt ?? 0;
  assert.ok(endedAt >= Math.floor(begun / 1000) && endedAt <= Date.now() / 1000, `${endedAt}`);
  // Limited to 1000 entries.
  await machine.run(
    `cd /var/lib/nixos-fleet; for i in $(seq 1100); do tail -n 1 history.jsonl; done >many; cat many >>history.jsonl`,
  );
  await deployer.up(good);
  assert.equal(await machine.run('wc -l </var/lib/nixos-fleet/history.jsonl'), '1000');
  assert.equal((await readHistory(machine.target, 1))[0]?.system, good);
});
