/**
 * Binary caches with real Nix, ssh and HTTP: three lab machines, of which `web` serves a cache to the others. docs/caches.md
 * lists what is promised.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
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
let edition = 0;

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
  setCaches('main');
});

after(async () => {
  await stack?.remove();
});

const declared = {
  main: (key = 'cache.lab-1') => `
    main:
      key: ${key}
      store: file://${folder}
      url: http://${network}.11:8080`,
};

/** The config with these caches, and db fetching from them alone. */
function setCaches(_: 'main', key?: string, more = ''): void {
  const before = stack
    .read(config)
    .replace(/ {2}nixos-fleet:(caches|defaults):[\s\S]*?(?=^\S| {2}nixos-fleet:)/gm, '');
  const delivery = '  nixos-fleet:defaults:\n    delivery: substitute\n';
  const text = `  nixos-fleet:caches:${declared.main(key)}${more}\n${delivery}`;
  stack.write(config, before.replace(/^config:\n/m, `config:\n${text}`));
}

/** A new system for a machine. */
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

async function _signingKey(): Promise<SigningKeyState> {
  const { deployment } = await stack.exportState();
  const found = deployment.resources.find(({ type }) => type === 'nixos:index:SigningKey');
  return found?.outputs as unknown as SigningKeyState;
}

test('a machine gets its new system from the signed cache alone, with the copy path cut off', async () => {
  await stack.up();
  // Without this program nothing can be sent into a machine's store.
  await stack.ssh('db', 'mv /usr/local/bin/nix-daemon /root/nix-daemon');
  change('db');
  const { text } = await stack.up();
  assert.match(text, /fetches the system from its caches/);
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

test('a second up says that nothing changes', async () => {
  const { text } = await stack.up();
  assert.doesNotMatch(text, /[1-9]\d* (created|updated|replaced|deleted)/);
});
