import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../../../../lib/base/process/run.ts';
import { resolveDestination } from '../../../../../lib/machine/ssh/destination.ts';
import type { Connection } from '../../../../../schema/connection.ts';

const folder = mkdtempSync(join(tmpdir(), 'destination-'));
const path = process.env.PATH;
const base: Connection = { address: 'web', user: 'root', connectTimeoutSeconds: 5 };

/** An ssh whose user has this ssh_config. */
before(async () => {
  const { stdout: ssh } = await run('sh', ['-c', 'command -v ssh']);
  writeFileSync(
    join(folder, 'config'),
    'Host web\n  HostName 192.0.2.7\nHost far\n  ProxyJump ops@gate:2200\n',
  );
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nexec ${ssh.trim()} -F ${folder}/config "$@"\n`);
  chmodSync(join(folder, 'ssh'), 0o755);
  process.env.PATH = `${folder}${delimiter}${path}`;
});
after(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

test('an alias, its jump hosts and plain addresses are resolved as ssh resolves them (fault 24)', async () => {
  const resolve = (address: string) => resolveDestination({ ...base, address });
  assert.deepEqual(await resolve('web'), { hostName: '192.0.2.7', proxyJump: undefined });
  assert.deepEqual(await resolve('far'), { hostName: 'far', proxyJump: 'ops@gate:2200' });
  assert.deepEqual(await resolve('2001:db8::7'), { hostName: '2001:db8::7', proxyJump: undefined });
  assert.equal((await resolve('fe80::1%eth0')).hostName, 'fe80::1%eth0');
});

test('this computer and a connection’s own jump host need no ssh_config', async () => {
  assert.deepEqual(await resolveDestination({ ...base, local: true }), { hostName: '127.0.0.1' });
  const { proxyJump } = await resolveDestination({ ...base, proxyJump: 'gate' });
  assert.equal(proxyJump, 'gate');
});
