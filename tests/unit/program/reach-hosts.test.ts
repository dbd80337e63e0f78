import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeVmRecord } from '../../../lib/local/vm/record.ts';
import { hostSettings } from '../../../program/config/hosts.ts';
import { parseStackConfig } from '../../../program/config/parse-config.ts';
import { reachHosts } from '../../../program/reach-hosts.ts';
import { virtualMachineInputs } from '../../../schema/virtual-machine.ts';

const folder = mkdtempSync(join(tmpdir(), 'reach-hosts-'));
const before_ = process.env.XDG_STATE_HOME;

before(() => {
  process.env.XDG_STATE_HOME = folder;
});
after(() => {
  if (before_ === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = before_;
  rmSync(folder, { recursive: true });
});

test('each host has its own connection; machines that do not exist yet are left out', async () => {
  const config = parseStackConfig(
    {
      lab: '{"network":"10.213.9.0/24"}',
      virtualMachines: '{"guest":{"configuration":"guest","forwardPorts":{"ssh":{"host":2222,"guest":22}}}}',
      hosts:
        '{"web":{"user":"admin","address":"10.0.0.2"},"here":{"local":true},"unmade":{"lab":true,"address":"10.213.9.11"},"guest":{"virtualMachine":true}}',
    },
    'dev',
  );
  const machines = await reachHosts('dev', hostSettings(config));
  assert.deepEqual(Object.keys(machines).sort(), ['here', 'web']);
  assert.equal(machines.web?.name, 'web');
  assert.deepEqual(machines.web?.connection, {
    address: '10.0.0.2',
    user: 'admin',
    connectTimeoutSeconds: 15,
  });
  assert.equal(machines.here?.connection.local, true);
});

test('a virtual machine is reached with its host’s settings, at its forwarded port', async () => {
  const machine = { forwardPorts: { ssh: { host: 2222, guest: 22 } } };
  const config = parseStackConfig(
    {
      virtualMachines: JSON.stringify({ made: { image: '/web.raw', ...machine } }),
      hosts: '{"made":{"virtualMachine":true,"user":"ops","serverAliveSeconds":60}}',
    },
    'dev',
  );
  await writeVmRecord({
    inputs: virtualMachineInputs.parse({ stack: 'dev', name: 'made', ...machine }),
    ...{ identityFile: '/key', accelerator: 'tcg', hostKey: 'ssh-ed25519 AAAA' },
  });
  const { made } = await reachHosts('dev', hostSettings(config));
  assert.deepEqual(made?.connection, {
    ...{ address: '127.0.0.1', port: 2222, hostKey: 'ssh-ed25519 AAAA', identityFile: '/key' },
    ...{ user: 'ops', serverAliveSeconds: 60, connectTimeoutSeconds: 15 },
  });
});
