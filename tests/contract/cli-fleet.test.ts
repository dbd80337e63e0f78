import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FleetError } from '../../lib/base/errors.ts';
import { changesFrom, leafDiff } from '../../provider/diff.ts';
import { type RunEvent, runEvent } from '../../schema/run-event.ts';
import { CliProject } from './cli-project.ts';
import { Puppet, servePuppets } from './puppet.ts';

/** `npm run fleet` with the real Pulumi, whose engine attaches to the provider's service in this process. */
const hosts = ['web1', 'web2', 'web3', 'db'];
const deployment = new Puppet('nixos:index:Deployment');
const server = await servePuppets([deployment]);
const project = new CliProject({ PULUMI_DEBUG_PROVIDERS: `nixos:${server.port}` });
const file = join(project.folder, 'events.jsonl');

before(async () => {
  await project.pulumi('stack', 'init', 'dev');
  const flake = join(project.folder, 'flake');
  await project.pulumi('config', 'set', 'fleet:flake', flake);
  for (const host of hosts)
    await project.pulumi('config', 'set', '--path', `fleet:hosts.${host}.address`, `${host}.example.org`);
  declare('one');
});
after(() => {
  project.remove();
  server.stop();
});

function declare(version: string): void {
  project.declare(
    hosts.map((host) => ({ type: 'nixos:index:Deployment', name: host, inputs: { host, big: { version } } })),
  );
}

const fleet = (...args: string[]) => project.node('commands/fleet/main.ts', ...args);

function events(text = readFileSync(file, 'utf8')): RunEvent[] {
  return text
    .trim()
    .split('\n')
    .map((line) => runEvent.parse(JSON.parse(line)));
}

deployment.create = async (inputs, { status }) => {
  status('activating the new system');
  return { id: `${inputs.host}`, state: { ...inputs, live: 'x' } };
};
deployment.update = deployment.create as never;
deployment.diff = (recorded, desired) =>
  changesFrom(leafDiff(recorded.inputs.big, desired.big, { at: ['big'] }));

test('a preview tells what is new; without a terminal and --yes, nothing is changed', async () => {
  const shown = await fleet('preview');
  assert.equal(shown.exitCode, 0, shown.text);
  assert.match(shown.stdout, /^4 machines are new\ndb, web1…web3 \(4\): new\n/);
  const refused = await fleet('up');
  assert.equal(refused.exitCode, 2);
  assert.match(refused.text, /up needs --yes \[config-invalid\]/);
  assert.deepEqual(await project.recorded(), []);
});

test('an up deploys, with a line for each machine, and events of the schema', async () => {
  const { exitCode, stdout, text } = await fleet('up', '--yes', '--events', file, '--', '--parallel', '2');
  assert.equal(exitCode, 0, text);
  assert.deepEqual(
    [...stdout.matchAll(/^✓ (\S+) deployed/gm)].map(([, name]) => name).sort(),
    [...hosts].sort(),
  );
  assert.match(stdout, /4 machines deployed \(\d+ s\)\n$/);
  const all = events();
  assert.equal(all[0]?.event, 'run-began');
  const last = all.at(-1);
  assert.ok(last?.event === 'run-ended');
  assert.deepEqual([last.exitCode, last.done.sort(), last.failed], [0, [...hosts].sort(), []]);
  assert.ok(all.some((each) => each.event === 'phase' && each.phase === 'switching'));
  const again = await fleet('up', '--yes', '--', '--skip-preview');
  assert.match(again.stdout, /^4 unchanged \(\d+ s\)\n$/);
});

test('a failure has its whole error, and Pulumi’s exit code', async () => {
  declare('two');
  deployment.update = async (_recorded, inputs) => {
    if (`${inputs.host}`.startsWith('web')) {
      throw new FleetError({
        code: 'unreachable',
        what: 'cannot connect',
        host: `${inputs.host}`,
        why: 'timeout',
        fix: 'Look.',
      });
    }
    return { ...inputs, live: 'x' };
  };
  const { exitCode, stdout, text } = await fleet('up', '--yes', '--events', file);
  const pulumi = await project.pulumi('up', '--yes', '--skip-preview');
  assert.equal(exitCode, pulumi.exitCode, text);
  assert.notEqual(exitCode, 0);
  assert.match(
    stdout,
    /^web1…web3: cannot connect \[unreachable\]\n {2}why: {2}timeout\n {2}fix: {2}Look\.$/m,
  );
  assert.match(stdout, /1 machine deployed, 3 failed \(\d+ s\)\n$/);
  const last = events().at(-1);
  assert.ok(last?.event === 'run-ended');
  assert.deepEqual([last.done, last.failed.sort()], [['db'], ['web1', 'web2', 'web3']]);
});

test('an interrupt ends Pulumi once, and each machine has an end', async () => {
  declare('three');
  let cancels = 0;
  deployment.update = (_recorded, inputs, { signal, status }) => {
    status('activating the new system');
    return new Promise((_, reject) => {
      const cancel = () => {
        cancels += 1;
        reject(
          new FleetError({ code: 'cancelled', what: 'the switch was cancelled', host: `${inputs.host}` }),
        );
      };
      // Pulumi may begin a second machine after it has cancelled.
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel);
    });
  };
  const seen = project.interruptNode(
    /"phase":"switching"/,
    'commands/fleet/main.ts',
    'up',
    '--yes',
    '--events',
    '-',
    '--',
    '--parallel',
    '2',
  );
  const { exitCode, text } = await seen;
  assert.notEqual(exitCode, 0);
  assert.ok(cancels >= 1 && cancels <= hosts.length, `${cancels}`);
  assert.match(text, /interrupted: nothing more is begun/);
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  const last = events(lines.join('\n')).at(-1);
  assert.ok(last?.event === 'run-ended', text);
  assert.deepEqual(
    [...last.done, ...last.failed, ...last.notBegun, ...last.unchanged].sort(),
    [...hosts].sort(),
  );
  assert.deepEqual(last.done, []);
});

test('what Pulumi says before its engine begins is not lost', async () => {
  const { exitCode, text } = await fleet('preview', '--', '--no-such-option');
  assert.notEqual(exitCode, 0);
  assert.match(text, /error: unknown flag: --no-such-option/);
});

test('an option about Pulumi’s display shows that', async () => {
  const { text } = await fleet('preview', '--', '--diff');
  assert.match(text, /~ nixos:index:Deployment: \(update\)/);
});
