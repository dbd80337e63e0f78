/**
 * Builders of machines with real Nix and ssh: `web` is the builder of `db`. docs/builders.md lists the promises.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { ensureMachine, stopMachine } from '../../lib/local/lab/machine.ts';
import { buildersFile } from '../../schema/machine-builders.ts';
import { TestStack } from './stack.ts';

const network = '10.213.37';
const lab = 'mbuilders';
const config = `Pulumi.${lab}.yaml`;
const system = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux';
let stack: TestStack;

before(async () => {
  stack = await TestStack.create({ stack: lab, network });
  process.env.XDG_STATE_HOME = join(stack.folder, 'state');
  stack.edit(config, `    edge:\n      lab: true\n      address: ${network}.13\n`, '');
  await stack.up();
  // On web, nix-ssh may only build; it has no authorized key yet.
  await stack.ssh(
    'web',
    `useradd --system --create-home --home-dir /var/lib/nix-ssh --shell /bin/sh nix-ssh
    echo 'nix-ssh ALL=(root) NOPASSWD: /usr/local/bin/nix-daemon --stdio' >/etc/sudoers.d/nix-ssh
    mkdir -p /var/lib/nix-ssh/.ssh && chown -R nix-ssh: /var/lib/nix-ssh`,
  );
  const { hostKey } = await stack.connection('web');
  configure(hostKey);
});

after(async () => {
  await stack?.remove();
});

function configure(hostKey?: string): void {
  const plain = stack.read(config).replace(/^ {2}nixos-fleet:(builders|defaults):\n(?: {4}.*\n)*/gm, '');
  const text = hostKey
    ? `  nixos-fleet:builders:
    big:
      address: ${network}.11
      hostKey: ${hostKey}
      machineUser: nix-ssh
      systems: [${system}]
  nixos-fleet:defaults:
    builders: true
`
    : '';
  stack.write(config, plain.replace(/^config:\n/m, `config:\n${text}`));
}

let count = 0;
/** Starts a new build on db; returns the host name of the builder, and Nix's log. */
async function buildOnDb(): Promise<{ where: string; log: string }> {
  count += 1;
  const script = `# ${process.pid}-${count}\nread name < /proc/sys/kernel/hostname; echo $name > $out`;
  const expression = `derivation { name = "where-${count}"; system = "${system}"; builder = "/bin/sh"; args = [ "-c" ''${script}'' ]; }`;
  const output = await stack.ssh(
    'db',
    `cat "$(nix build --impure --no-link --print-out-paths --expr '${expression.replaceAll("'", "'\\''")}' 2>/tmp/log)" /tmp/log`,
  );
  const [where = '', ...log] = output.split('\n');
  return { where, log: log.join('\n') };
}

/** How often a connection to a builder failed, each after its timeout. */
const givenUp = (log: string) =>
  [...log.matchAll(/^cannot build on .*failed to start SSH connection/gm)].length;

const unchanged = (text: string) => assert.doesNotMatch(text, /[1-9]\d* (created|updated|replaced|deleted)/);

test('a builder that refuses a machine: up shows the machine’s key, and it builds locally meanwhile', async () => {
  const { text } = await stack.up();
  const { hostKey } = await stack.connection('db');
  assert.match(text, /db cannot build on big now: .*Permission denied/);
  assert.ok(text.includes(`its key there is: ${hostKey}`), text);
  assert.equal((await buildOnDb()).where, 'db');
  await stack.ssh(
    'web',
    `echo 'restrict,command="sudo -n /usr/local/bin/nix-daemon --stdio" ${hostKey}' >/var/lib/nix-ssh/.ssh/authorized_keys`,
  );
});

test('up configures a machine to build on the builder; the builder itself gets no builders', async () => {
  assert.equal((await buildOnDb()).where, 'web');
  assert.match(
    await stack.ssh('db', `cat ${buildersFile}`),
    /^builders = .*ssh-ng:\/\/nix-ssh@10\.213\.37\.11 /m,
  );
  await stack.ssh('web', `test ! -e ${buildersFile}`);
  unchanged((await stack.up()).text);
});

test('a changed list of builders is found by refresh and restored by up', async () => {
  await stack.ssh('db', `sed -i 's/^builders = .*/builders =/' ${buildersFile}`);
  assert.equal((await buildOnDb()).where, 'db');
  await stack.pulumi('refresh', '--yes', '--skip-preview');
  const { text } = await stack.up();
  assert.match(text, /content.*"changed" => "in-place"/);
  assert.equal((await buildOnDb()).where, 'web');
});

test('a machine whose builder hangs or is off builds locally after one attempt', async () => {
  // Connections to web are accepted and never answered.
  await stack.ssh(
    'web',
    'systemctl stop ssh.socket ssh 2>/dev/null; systemd-run --quiet --unit=silent --socket-property=ListenStream=22 sleep infinity',
  );
  const hanging = await buildOnDb();
  assert.equal(hanging.where, 'db');
  assert.equal(givenUp(hanging.log), 1, hanging.log);
  await stopMachine(lab, 'web');
  const off = await buildOnDb();
  assert.equal(off.where, 'db');
  assert.equal(givenUp(off.log), 1, off.log);
  await ensureMachine({ lab, name: 'web', address: `${network}.11`, base: (await ensureLabBase()).base });
  assert.equal((await buildOnDb()).where, 'web');
});

test('builders dropped from the config are removed from the machine', async () => {
  configure();
  await stack.up();
  await stack.ssh('db', `test ! -e ${buildersFile}`);
  assert.equal((await buildOnDb()).where, 'db');
});
