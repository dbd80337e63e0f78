import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import languageGrpc from '@pulumi/pulumi/proto/language_grpc_pb.js';
import language from '@pulumi/pulumi/proto/language_pb.js';
import structs from 'google-protobuf/google/protobuf/struct_pb.js';

import { until } from '../../../lib/base/until.ts';
import { pulumiVersion } from './sandbox.ts';

/** Our own language host, where the set-up had to build one. */
function ownHost(): string | undefined {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nixos-fleet/v1');
  const built = join(cache, `pulumi-${pulumiVersion}`);
  const beside = join(cache, 'language-nodejs-1/bin/pulumi-language-nodejs');
  if (existsSync(beside)) return beside;
  const from = join(built, 'from');
  if (!existsSync(from) || readFileSync(from, 'utf8').trim() !== 'go') return undefined;
  return join(built, 'bin/pulumi-language-nodejs');
}

const binary = ownHost();
const options = {
  skip: binary === undefined && "this computer uses Pulumi's own language host",
  timeout: 20_000,
};

/** Stands in for the SDK's runner: writes down how it was called, then ends as its first argument says. */
const runner = `
const { spawn } = require('node:child_process');
const { writeFileSync, renameSync } = require('node:fs');
const [how, file] = process.argv.slice(-2);
const child = how === 'stay' ? spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']) : undefined;
writeFileSync(file + '.new', JSON.stringify({
  argv: process.argv.slice(2), execArgv: process.execArgv, cwd: process.cwd(), pids: [process.pid, child?.pid],
  env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('PULUMI_'))),
}));
renameSync(file + '.new', file);
if (how === 'stay') setInterval(() => {}, 1000);
else if (how === 'signal') process.kill(process.pid, 'SIGKILL');
else process.exitCode = Number(how);
`;

interface Call {
  argv: string[];
  execArgv: string[];
  cwd: string;
  pids: number[];
  env: Record<string, string>;
}

class Host {
  readonly folder: string;
  readonly process: ChildProcess;
  readonly client: InstanceType<typeof languageGrpc.LanguageRuntimeClient>;

  private constructor(folder: string, process: ChildProcess, port: string) {
    this.folder = folder;
    this.process = process;
    this.client = new languageGrpc.LanguageRuntimeClient(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  /** Starts the host as the engine does; with a shell in between, that shell is its engine. */
  static async start(t: TestContext, { shell = false, environment = {} } = {}): Promise<Host> {
    const folder = await mkdtemp(join(tmpdir(), 'nixos-fleet-host-'));
    await writeFile(join(folder, 'runner.cjs'), runner);
    const command = shell ? ['/bin/sh', '-c', `'${binary}' "$@" & wait`, 'sh'] : [binary ?? ''];
    const child = spawn(command[0] ?? '', [...command.slice(1), '--tracing', 'x', '127.0.0.1:7'], {
      env: { ...process.env, PULUMI_LANGUAGE_NODEJS_RUN_PATH: join(folder, 'runner.cjs'), ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const port = await new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve));
    const host = new Host(folder, child, port);
    t.after(async () => {
      host.client.close();
      child.kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    });
    return host;
  }

  /** Runs the "program", which ends with this exit code, by a signal, or stays. */
  run(how: string, runtimeOptions: Record<string, string | boolean> = {}) {
    const request = new language.RunRequest();
    request.setProject('project');
    request.setStack('stack');
    request.setOrganization('organization');
    request.setPwd(this.folder);
    request.setMonitorAddress('127.0.0.1:9');
    request.setParallel(4);
    request.setDryrun(true);
    request.setArgsList([how, join(this.folder, 'call.json')]);
    request.getConfigMap().set('project:key', 'value');
    request.setConfigsecretkeysList(['project:secret']);
    const info = new language.ProgramInfo();
    info.setRootDirectory('/root-directory');
    info.setProgramDirectory(this.folder);
    info.setEntryPoint('.');
    info.setOptions(structs.Struct.fromJavaScript(runtimeOptions));
    request.setInfo(info);
    let cancel = () => {};
    const response = new Promise<{ error: string; bail: boolean }>((resolve, reject) => {
      const call = this.client.run(request, (error: ServiceError | null, answer) =>
        error ? reject(error) : resolve({ error: answer.getError(), bail: answer.getBail() }),
      );
      cancel = () => call.cancel();
    });
    return { response, cancel };
  }

  async call(): Promise<Call> {
    const file = join(this.folder, 'call.json');
    await eventually(() => existsSync(file), 'the program did not start');
    return JSON.parse(await readFile(file, 'utf8'));
  }
}

async function eventually(condition: () => boolean, message: string): Promise<void> {
  assert.ok(await until(condition, { limitSeconds: 10 }), message);
}

function alive(pid: number | undefined): boolean {
  try {
    // An ended process that nobody waited for yet counts as ended.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
}

test('the program gets the same arguments and environment as from the official host', options, async (t) => {
  const host = await Host.start(t);
  const { response } = host.run('0', { typescript: false, nodeargs: "--no-warnings --title 'a b'" });
  assert.deepEqual(await response, { error: '', bail: false });
  const call = await host.call();
  const file = join(host.folder, 'call.json');
  assert.deepEqual(call.argv, [
    ...['--monitor', '127.0.0.1:9', '--engine', '127.0.0.1:7', '--organization', 'organization'],
    ...[
      '--project',
      'project',
      '--root-directory',
      '/root-directory',
      '--stack',
      'stack',
      '--pwd',
      host.folder,
    ],
    ...['--dry-run', '--parallel', '4', host.folder, '0', file],
  ]);
  assert.deepEqual(call.execArgv, ['--no-warnings', '--title', 'a b']);
  assert.equal(call.cwd, host.folder);
  assert.equal(call.env.PULUMI_CONFIG, '{"project:key":"value"}');
  assert.equal(call.env.PULUMI_CONFIG_SECRET_KEYS, '["project:secret"]');
  assert.equal(call.env.PULUMI_NODEJS_TYPESCRIPT, undefined);
});

test('typescript is on unless it is turned off', options, async (t) => {
  const host = await Host.start(t);
  await host.run('0').response;
  assert.equal((await host.call()).env.PULUMI_NODEJS_TYPESCRIPT, 'true');
});

test('exit codes are distinguished', options, async (t) => {
  const host = await Host.start(t);
  assert.deepEqual(await host.run('32').response, { error: '', bail: true }, 'the user was told already');
  assert.deepEqual(await host.run('3').response, {
    error: 'Program exited with non-zero exit code: 3',
    bail: false,
  });
  assert.match((await host.run('signal').response).error, /ended by a signal: signal: killed/);
});

test('wrong runtime options and a missing SDK are reported', options, async (t) => {
  const host = await Host.start(t);
  await assert.rejects(
    host.run('0', { typescript: 'yes' }).response,
    /runtime\.options\.typescript must be true or false/,
  );
  await assert.rejects(host.run('0', { nodeargs: "'open" }).response, /nodeargs cannot be split into words/);
  const bare = await Host.start(t, { environment: { PULUMI_LANGUAGE_NODEJS_RUN_PATH: '' } });
  await assert.rejects(bare.run('0').response, /@pulumi\/pulumi\) is not in node_modules of .*npm ci/);
});

test('a run that the engine cancels ends the program and its children', options, async (t) => {
  const host = await Host.start(t);
  const { response, cancel } = host.run('stay');
  const { pids } = await host.call();
  assert.ok(pids.every(alive));
  cancel();
  await assert.rejects(response, /CANCELLED/);
  await eventually(() => !pids.some(alive), 'the program stayed');
  assert.deepEqual(await host.run('0').response, { error: '', bail: false }, 'the host goes on');
});

test('the program ends with the engine, with the host, and with a killed host', options, async (t) => {
  for (const [name, shell, signal] of [
    ['the engine is killed', true, 'SIGKILL'],
    ['the host is asked to end', false, 'SIGINT'],
    ['the host is killed', false, 'SIGKILL'],
  ] as const) {
    const host = await Host.start(t, { shell });
    const { response } = host.run('stay');
    response.catch(() => {});
    const { pids } = await host.call();
    assert.ok(alive(pids[0]));
    host.process.kill(signal);
    await eventually(() => !alive(pids[0]), `${name}: the program stayed`);
    if (signal === 'SIGKILL' && !shell) process.kill(pids[1] ?? 0); // its own child is the program's to end
    // A host that ends by itself may still say how the program ended; one that is killed says nothing.
    if (signal === 'SIGKILL' && !shell) await assert.rejects(response);
    else await Promise.allSettled([response]);
  }
});

test(
  'the plugins that installed packages want are named, unless plugins are never fetched',
  options,
  async (t) => {
    for (const closed of ['false', 'true']) {
      const host = await Host.start(t, {
        environment: { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: closed },
      });
      const modules = join(host.folder, 'node_modules');
      const packages = {
        '@pulumi/random': { name: '@pulumi/random', version: '4.1.0', pulumi: { resource: true } },
        'other-thing': {
          name: 'other-thing',
          version: '1.0.0',
          pulumi: { resource: true, name: 'thing', version: 'v2.0.0' },
        },
        plain: { name: 'plain', version: '1.0.0' },
      };
      for (const [name, content] of Object.entries(packages)) {
        await mkdir(join(modules, name), { recursive: true });
        await writeFile(join(modules, name, 'package.json'), JSON.stringify(content));
      }
      const request = new language.GetRequiredPackagesRequest();
      const info = new language.ProgramInfo();
      info.setProgramDirectory(host.folder);
      request.setInfo(info);
      const named = await new Promise<string[]>((resolve, reject) =>
        host.client.getRequiredPackages(request, (error, answer) =>
          error
            ? reject(error)
            : resolve(
                answer
                  .getPackagesList()
                  .map((one) => `${one.getKind()} ${one.getName()} ${one.getVersion()}`),
              ),
        ),
      );
      assert.deepEqual(
        named.sort(),
        closed === 'true' ? [] : ['resource random v4.1.0', 'resource thing v2.0.0'],
      );
    }
  },
);
