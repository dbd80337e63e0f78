import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installerConnection, layoutDisks } from '../../../../commands/install/options.ts';
import { connection } from '../../../../schema/connection.ts';

test('disks are named with their serial, or with their size if they have none', () => {
  const disk = ['/dev/disk/by-id/nvme-a=S1=2', '/dev/vda=size:1073741824'];
  assert.deepEqual(layoutDisks({ disk, overwrite: ['1073741824'] }), [
    { disk: '/dev/disk/by-id/nvme-a', serial: 'S1=2', overwrite: undefined },
    { disk: '/dev/vda', sizeBytes: 1073741824, overwrite: '1073741824' },
  ]);
});

test('a disk without identity, no disk, and an --overwrite of another one are refused', () => {
  for (const [disk, overwrite, reason] of [
    [['/dev/vda'], [], /--disk \/dev\/vda is not DEVICE=SERIAL/],
    [['vda=S1'], [], /is not DEVICE=SERIAL/],
    [[], [], /--disk is missing/],
    [['/dev/vda=S1'], ['S2'], /--overwrite S2 does not name one of the disks/],
  ] as const)
    assert.throws(() => layoutDisks({ disk: [...disk], overwrite: [...overwrite] }), reason);
});

test('the installer is entered as root with the host’s other settings, but for what is given', () => {
  const installed = connection.parse({
    ...{ address: 'web.example.org', user: 'ops', becomePassword: 'p', bootstrapUser: 'first' },
    ...{ hostKey: 'ssh-ed25519 AAAA', port: 2222 },
  });
  const { user, address, hostKey, port, becomePassword, bootstrapUser } = installerConnection(installed, {});
  assert.deepEqual(
    [user, address, hostKey, port, becomePassword, bootstrapUser],
    ['root', 'web.example.org', 'ssh-ed25519 AAAA', 2222, undefined, undefined],
  );
  const given = { address: '192.0.2.7', user: 'nixos', 'host-key': 'ssh-ed25519 BBBB' };
  const other = installerConnection(installed, given);
  assert.deepEqual([other.user, other.address, other.hostKey], ['nixos', '192.0.2.7', 'ssh-ed25519 BBBB']);
});
