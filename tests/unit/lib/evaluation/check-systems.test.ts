import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNixSettings } from '../../../../lib/store/nix/settings.ts';
import { parseWouldBuild } from '../../../../lib/store/nix/would-build.ts';

test('Nix’s list of what would be built is read, and that of what would be fetched is not', () => {
  const drv = (name: string) => `/nix/store/8n6w406yg1mc5dalhnmr7y9a01l1ab83-${name}.drv`;
  const said = `warning: something
these 2 derivations will be built:
  ${drv('a')}
  ${drv('b')}
this path will be fetched (1.2 KiB download):
  /nix/store/8n6w406yg1mc5dalhnmr7y9a01l1ab83-fetched.drv
`;
  assert.deepEqual(parseWouldBuild(said), [drv('a'), drv('b')]);
  assert.deepEqual(parseWouldBuild('this derivation will be built:\n  /n/x.drv\n'), ['/n/x.drv']);
  assert.deepEqual(parseWouldBuild(''), []);
});

test('Nix’s settings are read', () => {
  const shown = {
    system: { value: 'x86_64-linux' },
    'extra-platforms': { value: ['i686-linux'] },
    builders: { value: '@/etc/nix/machines' },
  };
  assert.deepEqual(parseNixSettings(JSON.stringify(shown)), {
    system: 'x86_64-linux',
    extraPlatforms: ['i686-linux'],
    builders: '@/etc/nix/machines',
  });
});
