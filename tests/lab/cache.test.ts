/**
 * Binary caches with real Nix, ssh and HTTP: three lab machines, of which `web` serves a cache to the others. docs/caches.md
 * lists the promises.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FleetError } from '../../lib/base/errors.ts';
import { run } from '../../lib/base/process/run.ts';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { ensureMachine, stopMachine } from '../../lib/local/lab/machine.ts';
import { substitute } from '../../lib/machine/delivery/substitute.ts';
import { machineAt } from '../../lib/machine/ssh/machine-at.ts';
import { generateSigningKey, withKeyFile } from '../../lib/store/nix/signing-key.ts';
import { connection as connectionSchema } from '../../schema/connection.ts';
import type { SigningKeyState } from '../../schema/signing-key.ts';
import { TestStack } from './stack.ts';

const network = '10.213.33';
const lab = 'cache';
const hostFile = (machine: string) => `nix/lab/hosts/${machine}.nix`;
const config = `Pulumi.${lab}.yaml`;
const caches = '/var/lib/nixos-fleet/nix-caches.conf';
let stack: TestStack;
/** The folder that web's nginx serves, as this computer sees it. */
let folder: string;
// Systems of an earlier run may be built already: each run has new ones.
let edition = Date.now() % 1_000_000;

before(async () => {
  stack = await TestStack.create({ stack: lab, network });
  process.env.XDG_STATE_HOME = join(stack.folder, 'state');
  stack.edit(
    hostFile('web'),
    '  services.heartbeat = {',
    `  services.nginx.virtualHosts.cache = {
    port = 8080;
    locations."/".root = "/srv/cache";
  };
  networking.firewall.allowedTCPPorts = [ 8080 ];

  services.heartbeat = {`,
  );
  stack.edit(hostFile('web'), '  networking.firewall.allowedTCPPorts = [ 80 ];\n', '');
  await stack.up();
  const { deployment } = await stack.exportState();
  const web = deployment.resources.find(
    ({ type, urn }) => type === 'nixos:index:LabMachine' && urn.endsWith('::web'),
  );
  folder = join(String(web?.outputs.root), 'srv/cache');
  configure();
});

after(async () => {
  await stack?.remove();
});

/** Configures the stack's caches, and how closures are delivered. */
function configure(settings: { key?: string; delivery?: string; main?: string; more?: string } = {}): void {
  const { key = 'cache.lab-1', delivery = 'substitute', more = '' } = settings;
  const main =
    settings.main ??
    `
    main:
      key: ${key}
      store: file://${folder}
      url: http://${network}.11:8080`;
  const plain = stack.read(config).replace(/^ {2}nixos-fleet:(caches|defaults):\n(?: {4}.*\n)*/gm, '');
  const text = `  nixos-fleet:caches:${main}${more}\n  nixos-fleet:defaults:\n    delivery: ${delivery}\n`;
  stack.write(config, plain.replace(/^config:\n/m, `config:\n${text}`));
}

/** Edits a machine's configuration, so that it gets a new system. */
function change(machine: 'web' | 'db' | 'edge'): void {
  const text = stack.read(hostFile(machine));
  edition += 1;
  const at = text.lastIndexOf('}');
  stack.write(
    hostFile(machine),
    `${text.slice(0, at)}\n  environment.etc."edition-${edition}".text = "${edition}";\n}\n`,
  );
}

const isOn = (machine: string) => stack.ssh(machine, `cat /etc/edition-${edition}`);

async function signingKey(): Promise<SigningKeyState> {
  const { deployment } = await stack.exportState();
  const found = deployment.resources.find(({ type }) => type === 'nixos:index:SigningKey');
  return found?.outputs as unknown as SigningKeyState;
}

test('a machine fetches its new system from the signed cache when nothing can be copied to it', async () => {
  await stack.up();
  // Without this program nothing can be copied into the machine's store.
  await stack.ssh('db', 'mv /usr/local/bin/nix-daemon /root/nix-daemon');
  change('db');
  const { text } = await stack.up();
  assert.match(text, /fetching the system from the machine’s caches/);
  assert.equal((await isOn('db')).trim(), String(edition));
  const system = (await stack.live()).db?.system ?? '';
  const narinfo = readFileSync(join(folder, `${system.slice(11, 43)}.narinfo`), 'utf8');
  assert.match(narinfo, /^Sig: cache\.lab-1:/m);
  assert.match(await stack.ssh('db', `cat ${caches}`), new RegExp(`http://${network}.11:8080`));
  const { deployment } = await stack.exportState();
  const key = deployment.resources.find(({ type }) => type === 'nixos:index:SigningKey');
  assert.ok(
    JSON.stringify(key?.outputs.secretKey).includes('ciphertext'),
    'the key is encrypted in the state',
  );
});

test('a second up changes nothing', async () => {
  const { text } = await stack.up();
  assert.doesNotMatch(text, /[1-9]\d* (created|updated|replaced|deleted)/);
});

const connectionOf = async (machine: string) => connectionSchema.parse(await stack.connection(machine));

/** Builds an input-addressed path on this computer, which needs a signature. */
async function build(name: string): Promise<string> {
  const expression = `derivation { name = "${name}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo ${name} >$out" ]; }`;
  const args = ['build', '--impure', '--no-link', '--print-out-paths', '--expr', expression];
  return (await run('nix', args, { timeoutSeconds: 120 })).stdout.trim();
}

test('an unsigned and a wrongly signed path are refused, and the error names the missing key', async () => {
  const { secretKey } = await generateSigningKey('stranger-1');
  const [unsigned, strange, forged] = await Promise.all(
    ['unsigned', 'strange', 'forged'].map((name) => build(`${name}-${process.pid}`)),
  );
  await run('nix', ['copy', '--to', `file://${folder}`, unsigned as string, forged as string], {
    timeoutSeconds: 60,
  });
  await withKeyFile(secretKey, (file) =>
    run('nix', ['copy', '--to', `file://${folder}?secret-key=${file}`, strange as string], {
      timeoutSeconds: 60,
    }),
  );
  // An attacker with write access to the cache copies another path's signature, made by the fleet's key.
  const narinfo = join(folder, `${forged?.slice(11, 43)}.narinfo`);
  const signature = /^Sig: .*$/m.exec(readFileSync(await narinfoOf('db'), 'utf8'))?.[0];
  writeFileSync(narinfo, `${readFileSync(narinfo, 'utf8')}${signature}\n`);
  const machine = machineAt('db', await connectionOf('db'));
  const refusal = async (system = '') => {
    const substituted = substitute(machine, { system, status: () => {} });
    const error = await substituted.then(
      () => assert.fail(`${system} was accepted`),
      (error: FleetError) => error,
    );
    assert.equal(error.code, 'substitution-failed', error.message);
    return error.message;
  };
  assert.match(await refusal(unsigned), /has no signature\n.*the machine trusts .*cache\.lab-1/);
  const message = await refusal(strange);
  assert.match(message, /is signed by stranger-1/);
  assert.match(message, /The public key stranger-1 is missing on the machine/);
  assert.match(await refusal(forged), /named cache\.lab-1 that does not match the machine’s key/);
});

async function narinfoOf(machine: string): Promise<string> {
  const system = (await stack.live())[machine]?.system ?? '';
  return join(folder, `${system.slice(11, 43)}.narinfo`);
}

test('a preview shows what the cache has of a new system, and which machine does not trust its key', async () => {
  change('db');
  const first = (await stack.preview()).text;
  assert.match(first, /db, its new system: not built yet; main does not have it/);
  assert.match(first, /to build: \d+ derivations?/);
  // Built and pushed, but the machine trusts another key.
  const { publicKey } = await generateSigningKey('other-1');
  await stack.ssh(
    'db',
    `sed -i 's|^extra-trusted-public-keys = .*|extra-trusted-public-keys = ${publicKey}|' ${caches}`,
  );
  const failed = await stack.try('up', '--yes', '--skip-preview');
  assert.notEqual(failed.exitCode, 0);
  assert.match(failed.text, /The public key cache\.lab-1 is missing on the machine/);
  const second = (await stack.preview()).text;
  assert.match(second, /db, its new system: main has (\d+) of \1 paths/);
  assert.match(
    second,
    /db does not accept paths from main: the system is signed by cache\.lab-1, but the machine trusts .*other-1/,
  );
  await stack.pulumi('refresh', '--yes', '--skip-preview');
  await stack.up();
  assert.equal(
    (await isOn('db')).trim(),
    String(edition),
    'refresh finds the changed file, and up restores it',
  );
});

test('a whole key rotation, with a machine that is off halfway', async () => {
  const trusted = async (machine: string) =>
    (await stack.ssh(machine, 'nix config show trusted-public-keys')).match(/cache\.lab-\d/g)?.sort();
  const phase = async () => {
    const { phase, waitingFor } = await signingKey();
    return [phase, ...waitingFor];
  };
  const up = async () => await stack.try('up', '--yes', '--skip-preview', '--diff');
  configure({ key: 'cache.lab-2' });
  await stopMachine(lab, 'edge');
  assert.match(
    (await stack.preview()).text,
    /rotation, step 1 of 3: machines trust cache\.lab-2 beside cache\.lab-1/,
  );
  const first = await up();
  assert.notEqual(first.exitCode, 0, 'edge is off');
  assert.deepEqual(await phase(), ['trust-both']);
  assert.deepEqual(await trusted('db'), ['cache.lab-1', 'cache.lab-2']);

  // While edge is off, nothing is signed with a key that it does not trust, and the others are deployed.
  change('db');
  const second = await up();
  assert.match(second.text, /the rotation to cache\.lab-2 waits: edge could not be reached/);
  assert.deepEqual(await phase(), ['trust-both', 'edge']);
  assert.equal((await isOn('db')).trim(), String(edition));
  assert.doesNotMatch(readFileSync(await narinfoOf('db'), 'utf8'), /^Sig: cache\.lab-2/m);
  assert.match((await stack.preview()).text, /step 2 of 3: .*; the last up waited for edge/);

  await ensureMachine({ lab, name: 'edge', address: `${network}.13`, base: (await ensureLabBase()).base });
  await stack.up();
  assert.deepEqual(await phase(), ['trust-both', 'edge'], 'edge was read before it got the new key');
  assert.deepEqual(await trusted('edge'), ['cache.lab-1', 'cache.lab-2']);
  await stack.up();
  assert.deepEqual(await phase(), ['sign-with-new']);
  const both = readFileSync(await narinfoOf('db'), 'utf8');
  assert.match(both, /^Sig: cache\.lab-1/m);
  assert.match(both, /^Sig: cache\.lab-2/m);
  assert.doesNotMatch(
    readFileSync(join(folder, readdirSync(folder).find(isStrange) ?? ''), 'utf8'),
    /cache\.lab-2/,
  );
  await stack.up();
  assert.deepEqual(await phase(), ['stable']);
  for (const machine of ['web', 'db', 'edge'])
    assert.deepEqual(await trusted(machine), ['cache.lab-2'], machine);
  change('edge');
  await stack.up();
  assert.equal((await isOn('edge')).trim(), String(edition), 'the new key signs a new system');
  assert.doesNotMatch((await stack.up()).text, /[1-9]\d* (created|updated|replaced|deleted)/);
});

const isStrange = (file: string) =>
  file.endsWith('.narinfo') && readFileSync(join(folder, file), 'utf8').includes('-strange-');

test('a cache that is down or hangs does not stop a deployment', async () => {
  /** Paths of the requests, none of which is answered. */
  const requests: (string | undefined)[] = [];
  const hanging: Server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', (request) => requests.push(`${request}`.split(' ')[1]));
  }).listen(0, `${network}.1`);
  await once(hanging, 'listening');
  try {
    const { port } = hanging.address() as AddressInfo;
    const more = `
    slow:
      url: http://${network}.1:${port}
      publicKeys: ["slow-1:${'A'.repeat(43)}="]
      priority: 1`;
    configure({ key: 'cache.lab-2', delivery: 'auto', more });
    change('db');
    const slow = (await stack.up()).text;
    assert.match(slow, /db: no answer from http:\/\/10\.213\.33\.1/);
    assert.equal(
      (await isOn('db')).trim(),
      String(edition),
      'from the other cache: copying to db is cut off',
    );
    // Each request takes its full timeout: Nix tries twice, then disables the cache.
    assert.deepEqual(new Set(requests), new Set(['/nix-cache-info']));
    assert.ok(requests.length <= 12, `${requests.length} requests`);

    await stack.ssh('web', 'systemctl stop nginx');
    change('edge');
    const down = (await stack.up()).text;
    assert.match(down, /copying the system to the machine/);
    assert.equal((await isOn('edge')).trim(), String(edition));
    await stack.ssh('web', 'systemctl start nginx');
  } finally {
    hanging.close();
    hanging.unref();
  }
});

test('a closure is copied from machine to machine over ssh, not through this computer', async () => {
  // On web, nix-ssh may only serve the store; db logs in with its host key.
  await stack.ssh(
    'web',
    `useradd --system --create-home --home-dir /var/lib/nix-ssh --shell /bin/sh nix-ssh
    mkdir -p /var/lib/nix-ssh/.ssh
    echo 'nix-ssh ALL=(root) NOPASSWD: /usr/local/bin/nix-daemon --stdio' >/etc/sudoers.d/nix-ssh
    echo 'restrict,command="sudo -n /usr/local/bin/nix-daemon --stdio" ${await hostKeyOf('db')}' >/var/lib/nix-ssh/.ssh/authorized_keys
    chown -R nix-ssh: /var/lib/nix-ssh`,
  );
  const main = `
    lan:
      key: lan-1
      host: web
      protocol: ssh`;
  configure({ main });
  change('db');
  await stack.up();
  assert.equal((await isOn('db')).trim(), String(edition));
  const system = (await stack.live()).db?.system ?? '';
  const info = await stack.ssh('db', `nix path-info --json --json-format 1 ${system}`);
  assert.match(info, /"lan-1:/);
  assert.match(
    await stack.ssh('web', 'journalctl --no-pager -t sshd'),
    /Accepted publickey for nix-ssh from 10\.213\.33\.12/,
  );
});

const hostKeyOf = async (machine: string) => (await stack.connection(machine)).hostKey;

test('a machine that serves its store over HTTP gets the signing key, and its server is restarted', async () => {
  // A stand-in for harmonia that reads the key at its start.
  await stack.ssh(
    'web',
    `mkdir -p /run/systemd/system
    printf '[Service]\\nExecStart=/bin/sh -c "cat /var/lib/nixos-fleet/cache.key >/run/read-key; exec sleep infinity"\\n' >/run/systemd/system/harmonia.service
    systemctl daemon-reload; systemctl start harmonia.service`,
  );
  const main = (key: string) => `
    box:
      key: ${key}
      host: web`;
  configure({ main: main('box-1'), delivery: 'copy' });
  await stack.up();
  const key = '/var/lib/nixos-fleet/cache.key';
  assert.match(
    await stack.ssh('web', `stat -c '%U %a' ${key}; cut -d: -f1 /run/read-key`),
    /^root 400\nbox-1\n/,
  );
  assert.match(
    await stack.ssh('db', `cat ${caches}`),
    /^extra-substituters = http:\/\/10\.213\.33\.11:5000\?/m,
  );
  await stack.ssh('web', `rm ${key}`);
  await stack.pulumi('refresh', '--yes', '--skip-preview');
  await stack.up();
  assert.match(await stack.ssh('web', `cut -d: -f1 ${key}`), /^box-1\n/, 'refresh finds that it is gone');
});
