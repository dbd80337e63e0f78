import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNixSettings } from '../../../../../lib/store/nix/settings.ts';

test('the output of nix config show is parsed', () => {
  const shown = {
    system: { value: 'x86_64-linux' },
    'extra-platforms': { value: ['i686-linux'] },
    builders: { value: '@/etc/nix/machines' },
    substituters: { value: ['https://cache.nixos.org/'] },
  };
  assert.deepEqual(parseNixSettings(JSON.stringify(shown)), {
    system: 'x86_64-linux',
    extraPlatforms: ['i686-linux'],
    builders: '@/etc/nix/machines',
    substituters: ['https://cache.nixos.org/'],
  });
});
