import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDeployment } from '../../../../../provider/resources/deployment/check.ts';
import { deploymentInputs } from '../../../../../schema/deployment.ts';
import { formatFacts } from '../../../../../schema/facts.ts';
import { someFacts } from '../../../../fixtures/facts.ts';

test('a system without sshd locks out a deployment by ssh, and no local one', () => {
  const facts = formatFacts(someFacts({ sshd: { enabled: false, ports: {} } }));
  const system = '/nix/store/s';
  const check = (connection: object) =>
    checkDeployment(deploymentInputs.parse({ host: 'web', connection, system, facts }));
  assert.match(check({ address: 'web' }).facts ?? '', /would lock you out/);
  assert.deepEqual(check({ local: true }), {});
});

test('nixos-rebuild is refused where it cannot enter the machine', () => {
  const check = (connection: object) =>
    checkDeployment(
      deploymentInputs.parse({ host: 'web', connection, system: '/nix/store/s', via: 'nixos-rebuild' }),
    );
  assert.deepEqual(check({ address: 'web' }), {});
  assert.deepEqual(check({ address: 'web', user: 'ops' }), {});
  assert.match(check({ local: true }).via ?? '', /with local; set via: supervisor/);
  assert.match(check({ address: 'web', user: 'ops', become: 'doas' }).via ?? '', /with become: doas/);
  const withPassword = check({ address: 'web', user: 'ops', becomePassword: 'hunter2' });
  assert.match(withPassword.via ?? '', /with becomePassword/);
  assert.doesNotMatch(withPassword.via ?? '', /hunter2/);
});

test('a bootstrap user goes, and the configuration has the one who stays', () => {
  const users = { ops: { wheel: true, keys: {} }, install: { wheel: true, keys: {} } };
  const check = (connection: object, settings: object = {}) =>
    checkDeployment(
      deploymentInputs.parse({
        host: 'web',
        connection: { address: 'web', ...connection },
        system: '/nix/store/s',
        facts: formatFacts(someFacts({ users })),
        ...settings,
      }),
    );
  assert.deepEqual(check({ user: 'ops', bootstrapUser: 'nixos' }), {});
  assert.match(
    check({ user: 'ops', bootstrapUser: 'install' })['connection.bootstrapUser'] ?? '',
    /each activation would make it again/,
  );
  const nobody = { user: 'ada', bootstrapUser: 'root' };
  assert.match(check(nobody)['connection.user'] ?? '', /the configuration has no user ada/);
  assert.deepEqual(check(nobody, { allowLockout: true }), {});
  const rebuilt = check({ user: 'ops', bootstrapUser: 'nixos' }, { via: 'nixos-rebuild' });
  assert.match(rebuilt.via ?? '', /does not support bootstrapUser/);
});
