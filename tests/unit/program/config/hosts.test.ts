import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  connectionOf,
  declaredOf,
  type HostSettings,
  hostSettings,
  labAddresses,
} from '../../../../program/config/hosts.ts';
import { parseStackConfig } from '../../../../program/config/parse-config.ts';

test('a host’s own settings win over the defaults, and its name is its address and configuration', () => {
  const config = parseStackConfig(
    {
      defaults: '{"user":"ops","port":2222}',
      hosts: '{"web":{},"db":{"user":"root","address":"10.0.0.2","configuration":"database"}}',
    },
    'prod',
  );
  assert.deepEqual(hostSettings(config), {
    web: { user: 'ops', port: 2222, lab: false, address: 'web', configuration: 'web' },
    db: { user: 'root', port: 2222, lab: false, address: '10.0.0.2', configuration: 'database' },
  });
});

test('a machine may have its full domain name, upper case and underscores (fault 72)', () => {
  const names = ['build01.ofborg.org', 'eel', 'UPPER', 'core_router', '_staging'];
  const hosts = Object.fromEntries(names.map((name) => [name, {}]));
  const settings = hostSettings(parseStackConfig({ hosts: JSON.stringify(hosts) }, 'prod'));
  for (const name of names) {
    assert.equal(settings[name]?.configuration, name);
    assert.equal(settings[name]?.address, name);
  }
});

test('a refused name of a machine names the rule, and the way to another attribute (fault 72)', () => {
  for (const name of ['a b', '-web', 'web.', '../web', 'a/b', 'a"b', "it's", '$(id)', '', 'x'.repeat(129)]) {
    assert.throws(
      () => parseStackConfig({ hosts: JSON.stringify({ [name]: {} }) }, 'prod'),
      /letters, digits and _\.-.* set the host’s `configuration`/s,
      name,
    );
  }
  const lab = (name: string) =>
    parseStackConfig(
      {
        lab: '{"network":"10.213.9.0/24"}',
        hosts: JSON.stringify({ [name]: { lab: true, address: '10.213.9.11' } }),
      },
      'dev',
    );
  lab('web');
  assert.throws(() => lab('web.example.org'), /lab: needs a machine’s name of lower-case letters/);
});

test('only machines of the lab have lab addresses', () => {
  const config = parseStackConfig(
    {
      lab: '{"network":"10.213.9.0/24"}',
      hosts: '{"web":{"lab":true,"address":"10.213.9.11"},"db":{}}',
    },
    'dev',
  );
  assert.deepEqual(labAddresses(hostSettings(config)), { web: '10.213.9.11' });
});

test('keepGenerations is set for all hosts or for one, and never empty', () => {
  const settings = (keepGenerations: object) =>
    hostSettings(
      parseStackConfig(
        {
          defaults: JSON.stringify({ keepGenerations, collectGarbage: true }),
          hosts: '{"web":{},"db":{"keepGenerations":{"days":30},"collectGarbage":false}}',
        },
        'prod',
      ),
    );
  const { web, db } = settings({ count: 5 });
  assert.deepEqual([web?.keepGenerations, web?.collectGarbage], [{ count: 5 }, true]);
  assert.deepEqual([db?.keepGenerations, db?.collectGarbage], [{ days: 30 }, false]);
  assert.throws(() => settings({}), /defaults\.keepGenerations: must have count or days/);
  assert.throws(() => settings({ count: 0 }), /defaults\.keepGenerations\.count/);
});

test('connection and deployment settings are separate', () => {
  const entered = {
    user: 'ops',
    become: 'sudo',
    becomePassword: 'p',
    proxyJump: 'gate',
    sshOptions: { Compression: 'yes' },
  };
  const config = parseStackConfig(
    { defaults: JSON.stringify(entered), hosts: '{"web":{"onDrift":"fail"}}' },
    'prod',
  );
  const web = hostSettings(config).web as HostSettings;
  assert.deepEqual(connectionOf(web), { address: 'web', ...entered });
  assert.deepEqual(declaredOf(web), { onDrift: 'fail' });
});

test('a local host takes the defaults except those of ssh', () => {
  const config = parseStackConfig(
    {
      defaults: '{"port":2222,"identityFile":"/k","proxyJump":"gate","become":"doas","onDrift":"fail"}',
      hosts: '{"laptop":{"local":true},"web":{}}',
    },
    'prod',
  );
  const { laptop } = hostSettings(config);
  assert.deepEqual(connectionOf(laptop as HostSettings), {
    address: 'localhost',
    local: true,
    become: 'doas',
  });
});

test('a virtual machine takes the defaults except the port', () => {
  const config = parseStackConfig(
    {
      defaults: '{"port":2222,"user":"ops"}',
      virtualMachines: '{"vm":{"image":"/a","forwardPorts":{"ssh":{"host":42022,"guest":22}}}}',
      hosts: '{"vm":{"virtualMachine":true}}',
    },
    'dev',
  );
  const { vm } = hostSettings(config);
  assert.deepEqual(connectionOf(vm as HostSettings), { address: 'vm', user: 'ops' });
});

test('description and commands reach the host as it is declared', () => {
  const commands = { after: { warm: { create: 'curl localhost' } } };
  const hosts = JSON.stringify({ web: { description: 'the shop', commands } });
  const { web } = hostSettings(parseStackConfig({ hosts }, 'prod'));
  assert.ok(web);
  assert.deepEqual(declaredOf(web), { description: 'the shop', commands });
});
