import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDeployment } from '../../../../../provider/resources/deployment/check.ts';
import { deployment } from '../../../../../provider/resources/deployment/deployment.ts';
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

test('allowLockout accepts the reasons that it lists, and no other (fault 40)', () => {
  const facts = formatFacts(
    someFacts({
      sshd: { enabled: false, ports: {} },
      access: { trustedInterfaces: {}, nix: false },
    }),
  );
  const check = (allowLockout: unknown, connection: object = { address: 'web' }) =>
    checkDeployment(
      deploymentInputs.parse({ host: 'web', connection, system: '/nix/store/s', facts, allowLockout }),
    ).facts ?? '';
  assert.match(check(false), /turns sshd off.*has no Nix.*allowLockout: \[sshd, nix\]$/);
  assert.match(check(['sshd']), /web: the new configuration would lock you out: it has no Nix/);
  assert.doesNotMatch(check(['sshd']), /turns sshd off/);
  assert.equal(check(['nix', 'sshd']), '');
  assert.equal(check(true), '');
  assert.match(check(false, { local: true }), /lock you out: it has no Nix.*\[nix\]$/);
  assert.throws(() => check(['ports']), /allowLockout/);
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

test('the same system keeps the facts that were recorded with it (fault 39)', () => {
  const parse = (settings: object) =>
    deploymentInputs.parse({
      host: 'web',
      connection: { address: 'web' },
      system: '/nix/store/s',
      ...settings,
    });
  const recorded = parse({ facts: formatFacts(someFacts()), drvPath: '/nix/store/s.drv', revision: 'abc' });
  const complete = (settings: object) => deployment.complete?.(parse(settings), recorded).inputs;
  assert.deepEqual(complete({}), recorded);
  const other = complete({ system: '/nix/store/other' });
  assert.deepEqual([other?.facts, other?.revision], [undefined, '']);
  const own = formatFacts(someFacts({ nixosLabel: 'own' }));
  assert.equal(complete({ facts: own, revision: 'def' })?.facts, own);
});
