/**
 * The commands of guides: those for every day, and those for who comes from another tool, on machines of the lab that nothing of ours
 * has deployed to.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type GuideCommand, guideCommands, sectionCommands } from './guides.ts';
import { type Shown, TestStack } from './stack.ts';

const network = '10.213.58';
let lab: TestStack;
/** Connections of the machines, by host. */
const entered: Record<string, { address: string; hostKey: string; identityFile: string }> = {};

const guides = [
  { guide: 'from-colmena.md', stack: 'colmena', host: 'web', output: 'colmenaHive.deploymentConfig' },
  { guide: 'from-deploy-rs.md', stack: 'deploy-rs', host: 'db', output: 'deploy.nodes' },
  { guide: 'from-nixos-rebuild.md', stack: 'nixos-rebuild', host: 'edge', output: undefined },
] as const;

/** A node in the tool's form. */
const nodes = {
  'colmenaHive.deploymentConfig': (address: string) => `{
    targetHost = "${address}"; targetPort = null; targetUser = "root"; allowLocalDeployment = false; buildOnTarget = false;
    tags = [ "eu" ]; replaceUnknownProfiles = true; privilegeEscalationCommand = [ "sudo" "-H" "--" ];
    keys.token = { text = "Kanarienvogel"; keyFile = null; keyCommand = null; path = "/run/keys/token"; user = "root";
      group = "root"; permissions = "0600"; uploadAt = "pre-activation"; };
  }`,
  'deploy.nodes': (address: string) => `{
    hostname = "${address}"; sshUser = "root"; sshOpts = [ "-p" "22" ]; confirmTimeout = 60;
    profiles.system = { user = "root"; path = throw "is not needed"; };
  }`,
};

/** A flake around the lab's with one machine, as the tool has it. */
function writeFlake(folder: string, host: string, output: keyof typeof nodes | undefined): void {
  const address = entered[host]?.address ?? '';
  const own = output ? `${output}.${host} = ${nodes[output](address)};` : '';
  lab.write(
    `${folder}/flake.nix`,
    `{
      inputs.debian = { url = "path:${lab.folder}/project/nix/lab/no-packages"; flake = false; };
      inputs.lab = { url = "path:${lab.folder}/project/nix/lab"; inputs.debian.follows = "debian"; };
      outputs = { lab, ... }: {
        nixosConfigurations = { inherit (lab.nixosConfigurations) ${host}; };
        ${own}
      };
    }`,
  );
}

before(async () => {
  lab = await TestStack.create({ stack: 'guides', network });
  lab.edit('Pulumi.guides.yaml', `${network}.11`, `${network}.11\n      tags: [eu, canary]`);
  lab.edit('Pulumi.guides.yaml', `${network}.12`, `${network}.12\n      tags: [eu]`);
  await lab.up();
  for (const { host } of guides) {
    const { address, hostKey, identityFile } = await lab.connection(host);
    entered[host] = { address, hostKey, identityFile };
  }
});

after(() => lab?.remove());

/** Sections with commands for every day. What a line shows of the example's fleet is replaced by what the lab has. */
const daily = [
  { page: 'hosts.md', section: 'Some of the machines' },
  { page: 'hosts.md', section: 'A command on machines' },
  { page: 'hosts.md', section: 'Rollback' },
  { page: 'events.md', section: 'What `npm run fleet` shows, and events for other programs' },
  { page: 'ci.md', section: 'A preview for a pull request' },
  { page: 'ci.md', section: 'The same as a page' },
  { page: 'report.md', section: 'A page about the fleet' },
];
const asInLab = (line: string) =>
  line
    .replace('--stack prod', '--stack guides')
    .replace('--to 41', '--to 1')
    .replace(/fleet -- (up|refresh)(?!.*--yes)/, 'fleet -- $1 --yes');

for (const { page, section } of daily)
  test(`the commands of ${page}, "${section}", run`, async () => {
    const lines = sectionCommands(page, section);
    assert.ok(lines.length > 0, `${page} has no commands in ${section}`);
    await lab.withEdit('nix/lab/hosts/web.nix', 'Hello', 'Hello again', async () => {
      for (const line of lines) {
        const { exitCode, text } = await lab.shell(asInLab(line));
        // 1 and 2 are results: a command that failed on a machine, a preview with changes.
        assert.ok(exitCode === 0 || expected(line) === exitCode, `${line}: ${exitCode}\n${text}`);
      }
    });
    // The machines run the configuration again.
    if (lines.some((line) => /fleet -- up|rollback/.test(line))) await lab.up();
  });

/** Exit codes that are results. */
function expected(line: string): number {
  if (line.includes('preview-summary')) return 2; // Something would change.
  return line.includes('is-active nginx') ? 1 : 0; // One of the lab's machines has no nginx.
}

/** What a switch, a reboot or a new generation would change. */
const untouched = (host: string) =>
  lab.ssh(
    host,
    'readlink -f /run/current-system; ls /nix/var/nix/profiles; stat -c %Y /run/current-system; cat /proc/sys/kernel/random/boot_id',
  );

/** Runs a command of a guide in the test's stack, without questions. */
async function follow({ program, args, line }: GuideCommand, stack: string): Promise<Shown> {
  if (line === 'pulumi stack init prod') return await lab.try('stack', 'init', stack, '--no-select');
  const own = program === 'pulumi' ? [...args, ...(args[0] === 'up' ? ['--yes'] : [])] : args;
  const withStack = [...own, '--stack', stack];
  return program === 'pulumi' ? await lab.try(...withStack) : await lab.node(program, withStack);
}

for (const { guide, stack, host, output } of guides) {
  test(`the commands of ${guide} take a machine over and switch nothing`, async () => {
    await lab.ssh(host, 'rm -r /var/lib/nixos-fleet /nix/var/nix/gcroots/nixos-fleet');
    const commands = guideCommands(guide);
    assert.ok(commands.length >= 6);
    const folder = commands.flatMap(({ args }) => args).find((word) => word.startsWith('./')) ?? '';
    writeFlake(folder, host, output);
    const { hostKey, identityFile, address } = entered[host] ?? {};
    const settings = { hostKey, identityFile, ...(output ? {} : { address }) };
    const config = { 'nixos-fleet:lab': {}, 'nixos-fleet:hosts': { [host]: settings } };
    lab.write(`Pulumi.${stack}.yaml`, `# before\n${JSON.stringify({ config })}\n`);
    const before = await untouched(host);
    const shown: Record<string, string> = {};
    for (const command of commands) {
      const { exitCode, text } = await follow(command, stack);
      assert.equal(exitCode, 0, `${command.line}\n${text}`);
      shown[command.line] = text;
    }
    assert.match(lab.read(`Pulumi.${stack}.yaml`), /# before/);
    assert.match(
      shown['npm run adopt -- --dry-run'] ?? '',
      new RegExp(`^${host} .*by other means +(changes nothing|writes a secret)$`, 'm'),
    );
    assert.match(shown['npm run adopt'] ?? '', /^1 host taken over; nothing was switched/m);
    assert.doesNotMatch(shown['pulumi preview --diff'] ?? '', /Deployment: \((update|replace|create)\)/);
    assert.equal(await untouched(host), before);
    if (stack === 'colmena') assert.equal(await lab.ssh(host, 'cat /run/keys/token'), 'Kanarienvogel');
  });
}
