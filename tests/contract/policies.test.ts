/** The policy pack of examples/policies, as Pulumi's engine starts and calls it, on deployments of a real preview. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import grpc from '@pulumi/pulumi/proto/analyzer_grpc_pb.js';
import proto from '@pulumi/pulumi/proto/analyzer_pb.js';
import struct from 'google-protobuf/google/protobuf/struct_pb.js';
import { CliProject } from './cli-project.ts';
import { FakeEngine, type Plain } from './provider-process.ts';

const root = join(import.meta.dirname, '../..');
const pack = join(root, 'examples/policies');
const project = new CliProject();
const engine = new FakeEngine();
let child: ChildProcess;
let analyzer: grpc.AnalyzerClient;

before(async () => {
  await engine.start();
  const runner = createRequire(import.meta.url).resolve('@pulumi/pulumi/cmd/run-policy-pack/index.js');
  child = spawn(process.execPath, [runner, engine.address, pack], {
    cwd: pack,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line')) as [string];
  analyzer = new grpc.AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
});
after(async () => {
  analyzer?.close();
  child.kill();
  await once(child, 'exit');
  engine.stop();
  project.remove();
});

/** Messages of the rules that a resource breaks, each after its rule and `mandatory` or `advisory`. */
async function violations(type: string, name: string, inputs: Plain): Promise<string[]> {
  const request = new proto.AnalyzeRequest();
  request.setType(type);
  request.setName(name);
  request.setUrn(`urn:pulumi:dev::fleet::${type}::${name}`);
  request.setProperties(struct.Struct.fromJavaScript(inputs));
  const options = new proto.AnalyzerResourceOptions();
  request.setOptions(options);
  const response = await new Promise<proto.AnalyzeResponse>((resolve, reject) =>
    analyzer.analyze(request, (error: ServiceError | null, answer: proto.AnalyzeResponse) =>
      error ? reject(error) : resolve(answer),
    ),
  );
  return response
    .getDiagnosticsList()
    .map((found) => {
      const level =
        found.getEnforcementlevel() === proto.EnforcementLevel.MANDATORY ? 'mandatory' : 'advisory';
      return `${found.getPolicyname()} (${level}): ${found.getMessage().split('\n').at(-1)}`;
    })
    .sort();
}

test('a new deployment of a preview is judged by its whole facts', async () => {
  cpSync(join(root, 'tests/fixtures/recorded/flake'), join(project.folder, 'nix'), { recursive: true });
  project.write('index.ts', `await import('${join(root, 'tests/fixtures/fleet-program/index.ts')}');\n`);
  const web = { connection: { address: '127.0.0.1', port: 1 } };
  project.write('fleet.json', JSON.stringify({ by: 'class', flake: 'path:./nix', hosts: { web } }));
  assert.equal((await project.pulumi('stack', 'init', 'dev')).exitCode, 0);
  const { steps } = JSON.parse((await project.pulumi('preview', '--json')).stdout);
  const { newState } = steps.find(({ urn }: { urn: string }) => urn.endsWith('nixos:index:Deployment::web'));
  const facts = JSON.parse(newState.inputs.__facts);
  assert.deepEqual(await violations('nixos:index:Deployment', 'web', newState.inputs), [
    'health-checked (advisory): web: the machine has no health check: a system that starts and serves nothing is kept',
  ]);
  const old = {
    ...facts,
    kernel: { ...facts.kernel, version: '6.16.2' },
    firewall: { ...facts.firewall, enabled: false },
  };
  const [firewall, , kernel] = await violations('nixos:index:Deployment', 'web', {
    ...newState.inputs,
    __facts: JSON.stringify(old),
  });
  assert.match(firewall ?? '', /^firewall-enabled \(mandatory\): web: the firewall is off/);
  assert.match(
    kernel ?? '',
    /^kernel-supported \(mandatory\): web: kernel 6\.16\.2 has had no fixes since 2025-10/,
  );
});

test('other resources, and deployments whose system is not known yet, break no rule', async () => {
  assert.deepEqual(await violations('nixos:index:System', 'web', { host: 'web' }), []);
  assert.deepEqual(await violations('nixos:index:Deployment', 'web', { host: 'web' }), []);
});
