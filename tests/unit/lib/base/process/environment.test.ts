import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentFor, lastingEnvironment } from '../../../../../lib/base/process/environment.ts';

const own = {
  PATH: '/bin',
  HOME: '/root',
  LC_ALL: 'C',
  SSH_AUTH_SOCK: '/run/agent',
  AWS_SECRET_ACCESS_KEY: 'secret',
  PULUMI_CONFIG: '{"stack:token":"secret"}',
  PULUMI_CONFIG_PASSPHRASE: 'secret',
  PULUMI_ACCESS_TOKEN: 'secret',
};

test('a stack’s config and passphrase are in the environment of pulumi alone (fault 59)', () => {
  const { PULUMI_CONFIG: _, PULUMI_CONFIG_PASSPHRASE: __, PULUMI_ACCESS_TOKEN: ___, ...rest } = own;
  assert.deepEqual(environmentFor('ssh', own, { NIX_SSHOPTS: '-v' }), { ...rest, NIX_SSHOPTS: '-v' });
  assert.deepEqual(environmentFor('/usr/bin/pulumi', own), own);
});

test('a program that stays gets no more of the environment than it needs to run (fault 31)', () => {
  assert.deepEqual(lastingEnvironment(own, { NIX_DISK_IMAGE: '/disk' }), {
    PATH: '/bin',
    HOME: '/root',
    LC_ALL: 'C',
    NIX_DISK_IMAGE: '/disk',
  });
});
