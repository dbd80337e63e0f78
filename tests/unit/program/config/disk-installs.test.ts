import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { diskInstallSettings } from '../../../../program/config/disk-installs.ts';
import { hostSettings } from '../../../../program/config/hosts.ts';
import { parseStackConfig } from '../../../../program/config/parse-config.ts';
import type { Connection } from '../../../../schema/connection.ts';

const folder = mkdtempSync(join(tmpdir(), 'disk-installs-'));
after(() => rmSync(folder, { recursive: true }));
const parse = (values: Record<string, unknown>) =>
  parseStackConfig(
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)])),
    'dev',
  );
const settingsOf = (values: Record<string, unknown>) => {
  const config = parse(values);
  return diskInstallSettings(config, hostSettings(config));
};
/** A value for each setting of a connection. */
const filledConnection: Required<Connection> = {
  ...{ local: false, address: 'web.example.org', user: 'ops', become: 'sudo', becomePassword: 'p' },
  ...{ port: 22, hostKey: 'ssh-ed25519 AAAA', identityFile: '/k', connectTimeoutSeconds: 15 },
  ...{ proxyJump: 'gate', proxyJumpHostKey: 'ssh-ed25519 AAAA', sshOptions: { Compression: 'yes' } },
  ...{ forwardAgent: true, serverAliveSeconds: 60, bootstrapUser: 'install' },
};
const disk = { disk: '/dev/vdb', serial: 'second' };

test('a disk install has its host’s connection, except for its own settings', async () => {
  const hosts = { web: { address: 'web.example.org', user: 'ops', port: 2222 } };
  const { web } = await settingsOf({
    hosts,
    images: { web: {} },
    diskInstalls: { web: { ...disk, image: 'web', user: 'root', hostKey: 'ssh-ed25519 AAAA' } },
  });
  assert.deepEqual(web, {
    ...disk,
    image: 'web',
    onImageChange: 'keep',
    keepHostKeys: false,
    afterwards: 'leave',
    bootTimeoutSeconds: 600,
    imageHash: undefined,
    virtualMachine: undefined,
    bootConnection: { address: 'web.example.org', user: 'ops', port: 2222 },
    connection: { address: 'web.example.org', user: 'root', port: 2222, hostKey: 'ssh-ed25519 AAAA' },
  });
});

test('connection settings are kept apart from the others (fault 43)', async () => {
  const { address: _, becomePassword: __, ...entered } = filledConnection;
  const { web } = await settingsOf({
    images: { web: {} },
    diskInstalls: { web: { ...disk, image: 'web', ...entered } },
  });
  assert.deepEqual(web?.connection, { address: 'web', ...entered });
  assert.deepEqual(
    Object.keys(web ?? {}).filter((key) => key in entered),
    [],
  );
});

test('without a host the address is the name; the virtual machine is the host’s', async () => {
  const virtualMachines = { one: { image: '/a', forwardPorts: { ssh: { host: 2222, guest: 22 } } } };
  const settings = await settingsOf({
    images: { web: {} },
    virtualMachines,
    hosts: { vm: { virtualMachine: 'one' } },
    diskInstalls: { web: { ...disk, image: 'web' }, vm: { ...disk, image: 'web' } },
  });
  assert.deepEqual(settings.web?.connection, { address: 'web' });
  assert.equal(settings.vm?.virtualMachine, 'one');
});

test('an image file outside the Nix store is identified by its hash', async () => {
  const file = join(folder, 'web.raw');
  writeFileSync(file, 'image');
  const { web } = await settingsOf({ diskInstalls: { web: { ...disk, image: file } } });
  assert.equal(web?.imageHash, createHash('sha256').update('image').digest('hex'));
  const { stored } = await settingsOf({
    diskInstalls: { stored: { ...disk, image: '/nix/store/x/web.raw' } },
  });
  assert.equal(stored?.imageHash, undefined);
  await assert.rejects(
    settingsOf({ diskInstalls: { web: { ...disk, image: join(folder, 'gone') } } }),
    /cannot read the image of diskInstalls\.web \[config-invalid\]/,
  );
});

test('errors of a disk install name its key', () => {
  const wrong = (given: object) => () =>
    parse({ images: { web: {} }, diskInstalls: { web: { ...disk, image: 'web', ...given } } });
  assert.throws(wrong({ image: 'other' }), /diskInstalls\.web\.image: is 'other', which is neither/);
  assert.throws(
    wrong({ serial: undefined }),
    /diskInstalls\.web\.serial: is needed; for a disk that has none/,
  );
  assert.throws(wrong({ disk: 'sda' }), /diskInstalls\.web\.disk: must be the path of a device/);
  assert.throws(wrong({ virtualMachine: 'x' }), /diskInstalls\.web\.virtualMachine: needs the key/);
  assert.throws(wrong({ overwite: 'x' }), /overwite: unknown key; did you mean overwrite\?/);
  assert.doesNotThrow(wrong({ serial: undefined, sizeBytes: 5 }));
});
