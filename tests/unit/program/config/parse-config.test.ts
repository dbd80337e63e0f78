import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../lib/base/errors.ts';
import { parseStackConfig } from '../../../../program/config/parse-config.ts';

const hosts = JSON.stringify({ web: {} });

/** The message of the error that this config gives. */
function refusal(values: Record<string, string>): string {
  try {
    parseStackConfig(values, 'prod');
  } catch (error) {
    assert.ok(error instanceof FleetError);
    assert.equal(error.code, 'config-invalid');
    return error.message;
  }
  return assert.fail('the config was accepted');
}

test('a host alone is enough', () => {
  const config = parseStackConfig({ hosts }, 'prod');
  assert.equal(config.flake, './nix');
  assert.deepEqual(config.hosts, { web: { lab: false } });
});

test('an unknown key is named with its path and the nearest known key', () => {
  assert.match(refusal({ hosts, flak: './x' }), /flak: unknown key; did you mean flake\?/);
  assert.match(
    refusal({ hosts: '{"web":{"adress":"a"}}' }),
    /hosts\.web\.adress: unknown key; did you mean address\?/,
  );
});

test('the suggested key is found at every depth', () => {
  const unknown = (path: string, guess: string) =>
    new RegExp(`${path.replaceAll('.', '\\.')}: unknown key; did you mean ${guess}\\?`);
  const web = { secrets: { key: { fil: 'a' } }, keepGenerations: { cuont: 1 }, rehearse: { coers: 2 } };
  const message = refusal({
    hosts: JSON.stringify({ web }),
    virtualMachines: '{"vm":{"rootDisk":{"sizeMB":1},"forwardPorts":{"ssh":{"host":1,"gest":22}}}}',
    builders: '{"big":{"adress":"a"}}',
  });
  for (const [path, guess] of Object.entries({
    'hosts.web.secrets.key.fil': 'file',
    'hosts.web.keepGenerations.cuont': 'count',
    'hosts.web.rehearse.coers': 'cores',
    'virtualMachines.vm.rootDisk.sizeMB': 'sizeMiB',
    'virtualMachines.vm.forwardPorts.ssh.gest': 'guest',
    'builders.big.adress': 'address',
  }))
    assert.match(message, unknown(path, guess));
  assert.match(refusal({ hosts: '{"web":{"rehearse":{"cores":0}}}' }), /hosts\.web\.rehearse\.cores: .*1/);
  assert.match(
    refusal({ hosts: '{"web":{"rehearse":"yes"}}' }),
    /hosts\.web\.rehearse: must be true or false/,
  );
});

test('a key in the wrong section is named with the one that has it', () => {
  assert.match(
    refusal({ hosts: '{"web":{"checkLive":true}}' }),
    /hosts\.web\.checkLive: unknown key; checkLive is a key of the stack's config, not of a host/,
  );
  assert.match(
    refusal({ hosts, user: 'ops' }),
    /user: unknown key; user is a key of a host, .*not of the stack's config/,
  );
});

test('a former key is read, with a warning that names the present one', () => {
  const disks = JSON.stringify({ web: { disk: '/dev/vdb', serial: 's', image: '/a' } });
  const warnings: string[] = [];
  const parsed = (key: string) =>
    parseStackConfig({ [key]: disks }, 'prod', (line) => warnings.push(line)).diskInstalls;
  assert.deepEqual(parsed('diskImages'), parsed('diskInstalls'));
  assert.deepEqual(warnings, ['the config key diskImages is called diskInstalls now: rename it']);
  assert.match(refusal({ diskImages: disks, diskInstalls: disks }), /diskImages: unknown key; did you mean/);
  assert.match(refusal({ diskImages: '{"web":{}}' }), /diskInstalls\.web\.disk: /);
});

test('a wrong type is named with its key, what it must be and what it is', () => {
  assert.match(
    refusal({ hosts: '{"web":{"confirmTimeoutSeconds":"soon"}}' }),
    /hosts\.web\.confirmTimeoutSeconds: must be a number of seconds, not the text 'soon'/,
  );
  assert.match(
    refusal({ hosts, flake: '5' }),
    /flake: must be text, not a number: in YAML, put it in quotes/,
  );
  assert.match(refusal({ hosts: '{"web":{"port":70000}}' }), /hosts\.web\.port: .*65535/);
});

test('all errors are reported together, with the file to edit', () => {
  const message = refusal({
    hosts: '{"web":{"user":"Root!"},"bad name":{}}',
    lab: '{"network":"10.0.0.1/8"}',
  });
  assert.match(message, /hosts\.web\.user: must be a Unix user name/);
  assert.match(message, /bad name/);
  assert.match(message, /lab\.network: must be an IPv4 network with 24 bits/);
  assert.match(message, /Pulumi\.prod\.yaml/);
});

test('a config without hosts is refused', () => {
  assert.match(refusal({}), /hosts: /);
  assert.match(refusal({ hosts: '{}' }), /hosts: names no machine/);
});

test('two hosts cannot have the same address and port, defaults included', () => {
  assert.match(
    refusal({ hosts: '{"web":{"address":"10.0.0.1"},"db":{"address":"10.0.0.1","port":22}}' }),
    /hosts\.db\.address: is 10\.0\.0\.1, port 22, which is web’s already/,
  );
  assert.match(refusal({ hosts: '{"web":{},"db":{"address":"web"}}' }), /hosts\.db\.address/);
  parseStackConfig(
    { hosts: '{"web":{"address":"10.0.0.1"},"db":{"address":"10.0.0.1","port":2222}}' },
    'prod',
  );
});

test('a lab machine needs a network, and an address in it', () => {
  const lab = '{"network":"10.213.9.0/24"}';
  assert.match(refusal({ hosts: '{"web":{"lab":true}}' }), /hosts\.web\.lab: needs the key lab/);
  assert.match(refusal({ hosts: '{"web":{"lab":true}}', lab }), /hosts\.web\.address: must be an address in/);
  assert.match(refusal({ hosts: '{"web":{"lab":true,"address":"10.213.9.1"}}', lab }), /hosts\.web\.address/);
  assert.match(
    refusal({ hosts: '{"web":{"lab":true,"address":"10.213.90.11"}}', lab }),
    /hosts\.web\.address/,
  );
  parseStackConfig({ hosts: '{"web":{"lab":true,"address":"10.213.9.11"}}', lab }, 'prod');
});

test('an address cannot be an option of ssh', () => {
  assert.match(refusal({ hosts: '{"web":{"address":"-oProxyCommand=x"}}' }), /hosts\.web\.address/);
});

test('a health check has exactly one kind, and its defaults are filled in', () => {
  const hosts = (one: object) => ({ hosts: JSON.stringify({ web: { healthChecks: { one } } }) });
  assert.throws(
    () => parseStackConfig(hosts({}), 'dev'),
    /hosts\.web\.healthChecks\.one: must have exactly one of/,
  );
  assert.throws(() => parseStackConfig(hosts({ tpc: 80 }), 'dev'), /healthChecks\.one\.tpc: unknown key/);
  assert.deepEqual(parseStackConfig(hosts({ http: {} }), 'dev').hosts.web?.healthChecks, {
    one: { http: { url: '/', status: 200 }, timeoutSeconds: 30 },
  });
});

test('connection settings that exclude each other are named with their keys', () => {
  const of = (web: object, defaults = {}) =>
    refusal({ hosts: JSON.stringify({ web }), defaults: JSON.stringify(defaults) });
  assert.match(of({ local: true, port: 22 }), /hosts\.web\.port: has no effect with local: true/);
  assert.match(
    of({ become: 'doas' }, { becomePassword: 'p' }),
    /hosts\.web\.becomePassword: cannot be given/,
  );
  assert.match(of({ becomme: 'doas' }), /hosts\.web\.becomme: unknown key; did you mean become\?/);
  assert.match(
    of({ sshOptions: { StrictHostKeyChecking: 'no' } }),
    /hosts\.web\.sshOptions\.StrictHostKeyChecking: is decided by nixos-fleet: yes, as an unknown host key is refused/,
  );
  const lab = { lab: '{"network":"10.213.9.0/24"}' };
  const both = '{"web":{"lab":true,"local":true,"address":"10.213.9.11"}}';
  assert.match(refusal({ ...lab, hosts: both }), /hosts\.web\.local: goes with neither lab/);
});

test('only one host can be local', () => {
  const message = refusal({ hosts: '{"a":{"local":true},"b":{"local":true}}' });
  assert.match(message, /hosts\.b\.address: is localhost, .*which is a’s already/);
});

test('a cache has a store and a key, or is a foreign one with its public keys', () => {
  const caches = (cache: object) => ({ hosts, caches: JSON.stringify({ main: cache }) });
  assert.match(refusal(caches({ key: 'main-1' })), /caches\.main\.store: .*either a store or a host/);
  assert.match(
    refusal(caches({ key: 'main-1', store: 'file:///srv/cache' })),
    /caches\.main\.url: is missing/,
  );
  assert.match(
    refusal(caches({ key: 'main-1', host: 'box' })),
    /caches\.main\.host: .*no machine of this stack/,
  );
  assert.match(refusal(caches({ url: 'https://x' })), /caches\.main\.publicKeys: is missing/);
  assert.match(refusal(caches({ kee: 'main-1' })), /caches\.main\.kee: unknown key; did you mean key\?/);
  const stored = { key: 'main-1', store: 's3://bucket?secret-key=/etc/key' };
  assert.match(refusal(caches(stored)), /caches\.main\.store: must not name a secret-key/);
  assert.equal(parseStackConfig(caches({ key: 'main-1', host: 'web' }), 'prod').caches.main?.host, 'web');
  assert.match(refusal(caches({ pullThrough: true })), /caches\.main\.host: is missing/);
  assert.match(
    refusal(caches({ pullThrough: true, host: 'web', key: 'main-1' })),
    /caches\.main\.key: .*one with pullThrough is not/,
  );
  assert.equal(
    parseStackConfig(caches({ pullThrough: true, host: 'web' }), 'prod').caches.main?.pullThrough,
    true,
  );
});

test('a host cannot have the name of a property that every object has', () => {
  const config = (name: string) =>
    parseStackConfig({ hosts: `{ "${name}": { "address": "192.0.2.1" } }` }, 'dev');
  for (const name of ['constructor', 'toString'])
    assert.throws(() => config(name), /every object of JavaScript has a property of this name/);
  config('construct');
});
