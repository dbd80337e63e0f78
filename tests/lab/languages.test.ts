/** A machine that the program in TypeScript deployed, by programs in other languages. Skipped without Pulumi's language hosts for them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import { ensureLabBase } from '../../lib/local/lab/base.ts';
import { CliProject } from '../contract/cli-project.ts';
import { Languages, withoutLanguages } from '../contract/language-hosts.ts';
import { executable } from '../contract/provider-process.ts';
import { type StateResource, TestStack } from './stack.ts';

const network = '10.213.49';
const options = { skip: withoutLanguages };
let stack: TestStack;
let project: CliProject;
let languages: Languages;

before(async () => {
  if (withoutLanguages) return;
  stack = await TestStack.create({ stack: 'languages', network });
  stack.configure({
    flake: './nix/lab',
    lab: { network: `${network}.0/24`, system: 'imitation' },
    hosts: { edge: { lab: true, address: `${network}.11` } },
  });
  await stack.up();
  languages = await Languages.in(stack.folder);
  // Links that keep systems from garbage collection are those of the stack.
  project = new CliProject({ ...languages.env, XDG_STATE_HOME: join(stack.folder, 'state') });
});

after(async () => {
  project?.remove();
  await stack?.remove();
});

/** The state without the lab and what only the stack's config declares. */
function withoutLab(resources: readonly StateResource[]): StateResource[] {
  const isKept = (urn: string) => !/:index:(Lab|LabNetwork|LabMachine|LiveSystems)::/.test(urn);
  const kept = resources.filter(({ urn }) => isKept(urn));
  return JSON.parse(JSON.stringify(kept), (key, value) =>
    key === 'dependencies' && Array.isArray(value)
      ? value.filter(isKept)
      : key === 'propertyDependencies'
        ? {}
        : value,
  );
}

interface Properties {
  flake: string;
  overrideInputs: Record<string, string>;
  hosts: { edge: { connection: unknown; machineId: unknown } };
}
let properties: Properties;

const plugins = { providers: [{ name: 'nixos', path: join(executable, '..') }] };

/** Makes the project one in YAML. */
function writeYaml(): void {
  const fleet = { type: 'nixos:Fleet', properties };
  project.write(
    'Pulumi.yaml',
    stringify({ name: 'nixos-fleet', runtime: 'yaml', plugins, resources: { fleet } }),
  );
}

/** Makes it one in Python, with arguments as JSON. */
async function writePython(): Promise<void> {
  project.write('Pulumi.yaml', stringify({ name: 'nixos-fleet', runtime: 'python', plugins }));
  const { hosts, ...flake } = properties;
  project.write(
    '__main__.py',
    `import json
import sys
sys.path.insert(0, ${JSON.stringify(await languages.pythonModules())})
import pulumi_nixos as nixos

edge = json.loads('''${JSON.stringify(hosts.edge)}''')
flake = json.loads('''${JSON.stringify(flake)}''')
nixos.Fleet('fleet', flake=flake['flake'], override_inputs=flake['overrideInputs'], hosts={'edge': edge})
`,
  );
}

/** The program shows no change; then it deploys a new system. */
async function assertDeploys(from: string, to: string): Promise<void> {
  const same = await project.pulumi('preview', '--diff', '--expect-no-changes');
  assert.equal(same.exitCode, 0, same.text);
  stack.edit('nix/lab/hosts/edge.nix', from, to);
  const { exitCode, text } = await project.pulumi('up', '--yes', '--skip-preview');
  assert.equal(exitCode, 0, text);
  assert.match(await stack.ssh('edge', 'cat /run/heartbeat/message'), new RegExp(to));
}

test('a program in YAML shows no change of it, and deploys a new system to it', options, async () => {
  const exported = await stack.exportState();
  const deployment = exported.deployment.resources.find(({ type }) => type === 'nixos:index:Deployment');
  const { connection, machineId } = deployment?.inputs ?? assert.fail();
  const { overrideInputs } = await ensureLabBase();
  const flake = join(stack.folder, 'project/nix/lab');
  properties = { flake, overrideInputs, hosts: { edge: { connection, machineId } } };
  writeYaml();
  const resources = withoutLab(exported.deployment.resources);
  project.write(
    'state.json',
    JSON.stringify({ ...exported, deployment: { ...exported.deployment, resources } }),
  );
  for (const args of [
    ['init', 'languages'],
    ['import', '--file', 'state.json'],
  ]) {
    const { exitCode, text } = await project.pulumi('stack', ...args);
    assert.equal(exitCode, 0, text);
  }
  await assertDeploys('edge is alive', 'deployed by YAML');
});

test('so does a program in Python', options, async () => {
  await writePython();
  await assertDeploys('deployed by YAML', 'deployed by Python');
});
