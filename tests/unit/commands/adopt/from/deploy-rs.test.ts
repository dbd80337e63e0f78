import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployOutput, fromDeployRs } from '../../../../../commands/adopt/from/deploy-rs.ts';

const system = { user: 'root', profilePath: null, configurations: ['web'] };
const converted = (node: object, { profile = {}, shared = {} }: { profile?: object; shared?: object } = {}) =>
  fromDeployRs(
    deployOutput.parse({
      settings: shared,
      nodes: { web: { hostname: 'web', profiles: { system: { ...system, ...profile } }, ...node } },
    }),
    'me',
  );
const left = (...given: Parameters<typeof converted>) => converted(...given).left.map(({ what }) => what);

test('a node without sshUser is entered as whoever deploys', () => {
  assert.deepEqual(converted({}).hosts.web, { user: 'me' });
  assert.deepEqual(converted({}).left, []);
});

test('settings come from the profile, then the node, then the whole; sshOpts from all', () => {
  const { hosts, left: reasons } = converted(
    { hostname: '192.0.2.8', sshUser: 'node', sshOpts: ['-p', '2222'], confirmTimeout: 60 },
    {
      profile: { sshUser: 'root', fastConnection: true },
      shared: { sshUser: 'all', activationTimeout: 900, sshOpts: ['-A'], confirmTimeout: 5 },
    },
  );
  assert.deepEqual(hosts.web, {
    address: '192.0.2.8',
    port: 2222,
    delivery: 'copy',
    confirmTimeoutSeconds: 60,
    activationTimeoutSeconds: 900,
  });
  assert.match(reasons[0]?.what ?? '', /^forwardAgent true: has no effect for root/);
});

test('sudo, a slow connection and short limits are translated', () => {
  const { hosts } = converted({
    sshUser: 'deploy',
    sudo: 'doas -u',
    fastConnection: false,
    confirmTimeout: 3,
  });
  assert.deepEqual(hosts.web, {
    user: 'deploy',
    become: 'doas',
    delivery: 'auto',
    confirmTimeoutSeconds: 10,
  });
});

test('the configuration is found by its name, or by the name of its system', () => {
  assert.equal(converted({}, { profile: { configurations: ['server'] } }).hosts.web?.configuration, 'server');
  assert.match(left({}, { profile: { configurations: [] } })[0] ?? '', /has no web.*set configuration/);
  assert.match(left({}, { profile: { configurations: ['a', 'b'] } })[0] ?? '', /a, b have the name/);
});

test('a profile of the boot loader is taken over, another path is not', () => {
  const at = (profilePath: string) => converted({}, { profile: { profilePath } });
  assert.equal(at('/nix/var/nix/profiles/system-profiles/try').hosts.web?.profile, 'try');
  assert.deepEqual(at('/nix/var/nix/profiles/system').left, []);
  assert.match(at('/home/x/profile').left[0]?.what ?? '', /profilePath/);
});

test('what the config cannot say is left out, with the reason', () => {
  assert.match(left({ autoRollback: false })[0] ?? '', /autoRollback = false: a switch is always confirmed/);
  assert.match(left({ magicRollback: false })[0] ?? '', /magicRollback = false/);
  assert.match(left({ remoteBuild: true })[0] ?? '', /remoteBuild: .*builders/);
  assert.match(left({ interactiveSudo: true })[0] ?? '', /becomePassword/);
  assert.match(left({ tempPath: '/x' })[0] ?? '', /tempPath: is not needed/);
  assert.match(left({ sudo: 'pkexec' })[0] ?? '', /sudo pkexec/);
  assert.match(left({}, { profile: { user: 'app' } })[0] ?? '', /user app: a system is deployed as root/);
  assert.match(left({ profiles: { system, home: { ...system } } })[0] ?? '', /the profile home: only whole/);
});

test('a node without a system is left out as a whole', () => {
  const { hosts, left: reasons } = converted({ profiles: { home: system } });
  assert.deepEqual(hosts, {});
  assert.match(reasons[0]?.what ?? '', /no profile named system/);
});
