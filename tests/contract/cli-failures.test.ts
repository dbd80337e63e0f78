import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../lib/base/errors.ts';
import { PartialFailure } from '../../provider/resource.ts';
import { CliProject, type Declared } from './cli-project.ts';
import type { Plain } from './provider-process.ts';
import { Puppet, servePuppets } from './puppet.ts';

/** Failures with the real engine, which attaches to the provider's service in this process. */
async function withFleet(
  body: (fleet: { project: CliProject; system: Puppet; deployment: Puppet }) => Promise<void>,
): Promise<void> {
  const system = new Puppet('nixos:index:System');
  const deployment = new Puppet('nixos:index:Deployment');
  const server = await servePuppets([system, deployment]);
  const project = new CliProject({ PULUMI_DEBUG_PROVIDERS: `nixos:${server.port}` });
  try {
    await project.pulumi('stack', 'init', 'dev');
    await body({ project, system, deployment });
  } finally {
    project.remove();
    server.stop();
  }
}

const hosts = ['a', 'b', 'c'];
const fleet: Declared[] = hosts.flatMap((host) => [
  { type: 'nixos:index:System', name: `${host}-system`, inputs: { host } },
  { type: 'nixos:index:Deployment', name: host, inputs: { host }, dependsOn: [`${host}-system`] },
]);
const brokenBuild = new FleetError({ code: 'build-failed', what: 'cannot build the system', host: 'a' });

test('a machine that fails at once does not stop later steps of other machines', async () => {
  await withFleet(async ({ project, system, deployment }) => {
    const deployed: unknown[] = [];
    system.create = async (inputs) => {
      if (inputs.host === 'a') throw brokenBuild;
      return { id: `${inputs.host}`, state: { ...inputs, live: '' } };
    };
    deployment.create = async (inputs) => {
      deployed.push(inputs.host);
      return { id: `${inputs.host}`, state: { ...inputs, live: 'new' } };
    };
    project.declare(fleet);
    const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview');
    assert.notEqual(exitCode, 0);
    assert.deepEqual(deployed.sort(), ['b', 'c']);
    assert.match(text, /a: cannot build the system \[build-failed\]/);
    assert.doesNotMatch(text, /pending operation/i);

    // After the fix, the next update does the rest.
    system.create = async (inputs) => ({ id: `${inputs.host}`, state: { ...inputs, live: '' } });
    const fixed = await project.pulumi('up', '--yes', '--skip-preview');
    assert.equal(fixed.exitCode, 0, fixed.text);
    assert.deepEqual(deployed.sort(), ['a', 'b', 'c']);
  });
});

test('with onFailure: stop, nothing is started after the first failure', async () => {
  await withFleet(async ({ project, system, deployment }) => {
    const shown = Promise.withResolvers<void>();
    const deployed: unknown[] = [];
    system.create = async (inputs) => {
      if (inputs.host === 'a') throw brokenBuild;
      await shown.promise;
      return { id: `${inputs.host}`, state: { ...inputs, live: '' } };
    };
    deployment.create = async (inputs) => {
      deployed.push(inputs.host);
      return { id: 'x', state: { ...inputs, live: 'new' } };
    };
    project.declare(fleet);
    await project.pulumi('config', 'set', 'nixos:onFailure', 'stop');
    // The other builds wait until the engine has shown the failure.
    const onLine = (line: string) => /build-failed/.test(line) && shown.resolve();
    const { exitCode, text } = await project.follow(onLine, 'up', '--yes', '--skip-preview');
    assert.notEqual(exitCode, 0, text);
    assert.deepEqual(deployed, []);
  });
});

test('a partial failure with the facts of a large system is recorded, and the next update tries again', async () => {
  await withFleet(async ({ project, deployment }) => {
    const big = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`unit-${index}.service`, 'enabled 0123456789abcdef']),
    );
    const tried: string[] = [];
    const fail = (state: Plain) =>
      new PartialFailure(
        'web',
        { ...state, live: 'old' },
        new FleetError({ code: 'units-failed', what: 'units failed: x.service', host: 'web' }),
      );
    deployment.create = async (inputs) => {
      tried.push('create');
      throw fail(inputs);
    };
    deployment.update = async (_recorded, inputs) => {
      tried.push('update');
      if (tried.length < 3) throw fail(inputs);
      return { ...inputs, live: 'new' };
    };
    project.declare([{ type: 'nixos:index:Deployment', name: 'web', inputs: { host: 'web', big } }]);

    for (const attempt of ['first', 'second']) {
      const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview');
      assert.notEqual(exitCode, 0, attempt);
      assert.match(text, /web: units failed: x\.service \[units-failed\]/);
      const [recorded] = await project.recorded();
      assert.equal(recorded?.outputs.live, 'old');
      assert.deepEqual(recorded?.outputs.big, big);
      assert.match(recorded?.initErrors?.[0] ?? '', /units-failed/);
    }
    const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview');
    assert.equal(exitCode, 0, text);
    assert.deepEqual(tried, ['create', 'update', 'update']);
    const [recorded] = await project.recorded();
    assert.equal(recorded?.outputs.live, 'new');
    assert.equal(recorded?.initErrors, undefined);
  });
});

test('a refresh keeps a machine that cannot be reached, and drops one that is gone', async () => {
  await withFleet(async ({ project, deployment }) => {
    deployment.create = async (inputs) => ({ id: `${inputs.host}`, state: { ...inputs, live: 'new' } });
    project.declare(hosts.map((host) => ({ type: 'nixos:index:Deployment', name: host, inputs: { host } })));
    await project.pulumi('up', '--yes', '--skip-preview');
    deployment.read = async (id, recorded) => {
      assert.ok(recorded);
      if (id === 'a') return { id, ...recorded, unhealthy: 'a: cannot connect [unreachable]' };
      if (id === 'b') return undefined;
      return { id, inputs: recorded.inputs, state: { ...recorded.state, live: 'by hand' } };
    };
    const { text } = await project.pulumi('refresh', '--yes', '--skip-preview');
    assert.match(text, /a: cannot connect \[unreachable\]/);
    const lives = (await project.recorded()).map(({ id, outputs }) => [id, outputs.live]).sort();
    assert.deepEqual(lives, [
      ['a', 'new'],
      ['c', 'by hand'],
    ]);
  });
});
