import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSettings } from '../../../../../lib/machine/nix-conf/machine-settings.ts';
import { notInForce, substitutersText } from '../../../../../lib/machine/nix-conf/substituters-file.ts';
import { Reply } from '../../../../../lib/machine/script/reply.ts';
import { substitutersInputs } from '../../../../../schema/substituters.ts';

const settings = (stdout: string) => parseSettings(new Reply('web', { stdout }));
const key = (name: string) => `${name}:${'A'.repeat(43)}=`;
const inputs = substitutersInputs.parse({
  host: 'web',
  connection: { address: 'web' },
  caches: {
    main: { url: 'https://cache.example.org', publicKeys: [key('main-1'), key('main-2')] },
    lan: { url: 'ssh-ng://nix-ssh@lan?ssh-key=%2Fk&a=b%3D', publicKeys: [key('main-1')], priority: 10 },
  },
  connectTimeoutSeconds: 7,
});

test('caches are ordered by priority, each key is listed once, and caches that are down time out', () => {
  const lines = substitutersText(inputs).split('\n');
  assert.ok(
    lines.includes(
      'extra-substituters = ssh-ng://nix-ssh@lan?ssh-key=%2Fk&a=b%3D&priority=10 https://cache.example.org?priority=30',
    ),
  );
  assert.ok(lines.includes(`extra-trusted-public-keys = ${key('main-1')} ${key('main-2')}`));
  for (const line of ['connect-timeout = 7', 'stalled-download-timeout = 10', 'fallback = true']) {
    assert.ok(lines.includes(line), line);
  }
});

test('a cache that the machine’s Nix does not use, or whose keys it does not trust, is reported', () => {
  const all = `substituters=https://cache.example.org?priority=30 ssh-ng://nix-ssh@lan?a=b%3D&priority=10&ssh-key=/k
trusted-keys=${key('main-1')} ${key('main-2')}\n`;
  assert.deepEqual(notInForce(inputs, settings(all)), []);
  assert.deepEqual(notInForce(inputs, settings(all.replace(` ${key('main-2')}`, ''))), ['main']);
  assert.deepEqual(notInForce(inputs, settings('substituters=\ntrusted-keys=\n')), ['main', 'lan']);
});
