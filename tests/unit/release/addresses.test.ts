import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressesOf } from '../../../release/addresses.ts';

test('the addresses of a package are those of the project that releases it', () => {
  assert.deepEqual(
    addressesOf({ GITHUB_SERVER_URL: 'https://git.example.org', GITHUB_REPOSITORY: 'fleet/nixos' }),
    {
      homepage: 'https://git.example.org/fleet/nixos#readme',
      repository: { type: 'git', url: 'git+https://git.example.org/fleet/nixos.git' },
      bugs: { url: 'https://git.example.org/fleet/nixos/issues' },
    },
  );
  assert.equal(
    addressesOf({ CI_PROJECT_URL: 'https://git.example.org/a/fleet' })?.bugs.url,
    'https://git.example.org/a/fleet/-/issues',
  );
  assert.equal(addressesOf({ GITHUB_SERVER_URL: 'https://git.example.org' }), undefined);
});
