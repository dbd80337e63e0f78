/** `npm run adopt`: a stack takes over machines that another one made, and switches none. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { shellQuote } from '../../lib/base/quote.ts';
import { type Shown, TestStack } from './stack.ts';

const network = '10.213.57';
const addresses = { web: `${network}.11`, db: `${network}.12`, edge: `${network}.13` };
const password = 'Kanarienvogel 7';
/** The stack that takes over what the lab's own stack made. */
const adopter = 'prod';
let lab: TestStack;
let hosts: Record<string, Record<string, unknown>>;

const adopt = (...args: string[]): Promise<Shown> =>
  lab.node('commands/adopt/main.ts', [...args, '--stack', adopter]);
const pulumi = async (...args: string[]): Promise<string> => {
  const { exitCode, text } = await lab.try(...args, '--stack', adopter);
  assert.equal(exitCode, 0, text);
  return text;
};
const configure = async () => {
  const config = { flake: './nix/lab', lab: {}, hosts };
  const keys = Object.entries(config).map(([key, value]) => [`nixos-fleet:${key}`, value]);
  lab.write(`Pulumi.${adopter}.yaml`, JSON.stringify({ config: Object.fromEntries(keys) }));
  const key = 'nixos-fleet:hosts.db.becomePassword';
  await pulumi('config', 'set', '--secret', '--path', key, password);
};
/** What a switch, a reboot or a new generation would change. */
const untouched = () =>
  Promise.all(
    Object.keys(addresses).map((host) =>
      lab.ssh(
        host,
        'readlink -f /run/current-system /nix/var/nix/profiles/system; ls /nix/var/nix/profiles; stat -c %Y /run/current-system; cat /proc/sys/kernel/random/boot_id /var/lib/nixos-fleet/history.jsonl',
      ),
    ),
  );
const deployments = async () => {
  const { deployment } = JSON.parse(await pulumi('stack', 'export')) as Awaited<
    ReturnType<TestStack['exportState']>
  >;
  return (deployment.resources ?? []).filter(({ type }) => type === 'nixos:index:Deployment');
};
const adopted = async () => (await deployments()).map(({ urn }) => urn.replace(/.*::/, '')).sort();

before(async () => {
  lab = await TestStack.create({ stack: 'adopt', network });
  await lab.up();
  await lab.pulumi('stack', 'init', adopter, '--no-select');
  hosts = {};
  for (const [host, address] of Object.entries(addresses)) {
    const { identityFile, hostKey } = await lab.connection(host);
    hosts[host] = { address, identityFile, hostKey, takeOverFrom: 'nixos-fleet/adopt' };
  }
  hosts.web = { ...hosts.web, sshOptions: { Compression: 'yes' }, tags: ['front'] };
  hosts.db = { ...hosts.db, user: 'admin' };
  hosts.gone = { address: `${network}.99`, connectTimeoutSeconds: 2, configuration: 'edge' };
  delete hosts.edge?.takeOverFrom;
  await lab.ssh(
    'db',
    `useradd --create-home --shell /bin/bash admin
    printf '%s\\n' ${shellQuote(`admin:${password}`)} | chpasswd
    install -d -o admin -g admin -m 700 /home/admin/.ssh
    install -o admin -g admin -m 600 /root/.ssh/authorized_keys /home/admin/.ssh/authorized_keys
    echo 'admin ALL=(ALL:ALL) ALL' >/etc/sudoers.d/admin`,
  );
  await configure();
});

after(() => lab?.remove());

test('a dry run says what each machine runs, what would change, and which cannot be taken over', async () => {
  lab.edit('nix/lab/hosts/db.nix', 'db is alive', 'db is well');
  const { exitCode, text } = await adopt('--dry-run');
  lab.edit('nix/lab/hosts/db.nix', 'db is well', 'db is alive');
  assert.equal(exitCode, 1, text);
  assert.match(text, /^4 hosts of prod are not in its state: reading$/m);
  assert.match(text, /^web +nixos-system-web\S* \(\w{8}\) +1 +by \S+, \d{4}-\d\d-\d\d +changes nothing$/m);
  assert.match(text, /^db +nixos-system-db.* switches it to nixos-system-db\S* \(\w{8}\)$/m);
  assert.match(text, /^edge: the machine belongs to another stack \[owned-by-other\]/m);
  assert.match(text, /takeOverFrom: nixos-fleet\/adopt/);
  assert.match(text, /^gone: .*\[unreachable\]/m);
  assert.match(text, /^2 hosts would be taken over: --dry-run; 2 hosts cannot be taken over$/m);
  assert.deepEqual(await adopted(), []);
});

test('what can be taken over is, in one import that switches nothing', async () => {
  const before = await untouched();
  const { exitCode, text } = await adopt();
  assert.equal(exitCode, 1, text);
  assert.match(text, /^2 hosts taken over; nothing was switched; 2 hosts cannot be taken over/m);
  assert.deepEqual(await adopted(), ['db', 'web']);
  assert.deepEqual(await untouched(), before);
});

test('the connection is recorded whole, its password as a secret', async () => {
  const exported = await pulumi('stack', 'export');
  assert.doesNotMatch(exported, /Kanarienvogel/);
  assert.match(exported, /"becomePassword": \{/);
  const web = (await deployments()).find(({ urn }) => urn.endsWith('::web'));
  assert.match(JSON.stringify(web?.inputs.connection), /"sshOptions":\{"Compression":"yes"\}/);
});

test('the next preview changes no machine', async () => {
  Object.assign(hosts.edge ?? {}, { takeOverFrom: 'nixos-fleet/adopt' });
  delete hosts.gone;
  await configure();
  const { exitCode, text } = await adopt('--on', 'edge');
  assert.equal(exitCode, 0, text);
  assert.deepEqual(await adopted(), ['db', 'edge', 'web']);
  const shown = await pulumi('preview', '--diff');
  assert.doesNotMatch(shown, /Deployment: \((update|replace|delete|create)\)/);
  assert.doesNotMatch(shown, /\d+ to (update|replace|delete)/);
  assert.match(shown, /\d+ to create/, 'the systems are built here');
});

test('an update of one host leaves the others adopted', async () => {
  const before = await untouched();
  const args = ['up', '--on', '@front', '--stack', adopter, '--', '--yes', '--skip-preview'];
  const { exitCode, text } = await lab.node('commands/fleet/main.ts', [...args, '--non-interactive']);
  assert.equal(exitCode, 0, text);
  assert.deepEqual(await adopted(), ['db', 'edge', 'web']);
  await pulumi('up', '--yes', '--skip-preview');
  assert.deepEqual(await adopted(), ['db', 'edge', 'web']);
  assert.deepEqual(await untouched(), before, 'nothing was switched by the first updates either');
});

test('a change is deployed to an adopted machine, whose owner is the new stack from then on', async () => {
  lab.edit('nix/lab/hosts/db.nix', 'db is alive', 'db is well');
  await pulumi('up', '--yes', '--skip-preview');
  assert.match(await lab.ssh('db', 'cat /run/heartbeat/message'), /db is well/);
  assert.equal(
    await lab.ssh(
      'db',
      'grep -lx path=/run/current-system /var/lib/nixos-fleet/owners/* | xargs grep -hx "stack=.*"',
    ),
    `stack=nixos-fleet/${adopter}\n`,
  );
  const again = await adopt();
  assert.equal(again.exitCode, 0, again.text);
  assert.match(again.text, /^there is nothing to take over/m);
});
