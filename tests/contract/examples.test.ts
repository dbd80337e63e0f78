import assert from 'node:assert/strict';
import { chmodSync, cpSync, globSync, readFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { runToEnd } from '../../lib/base/process/run.ts';
import { CliProject } from './cli-project.ts';

/**
 * The examples, previewed by the real program, Pulumi and Nix, with a small flake in the place of nixpkgs. tests/nixpkgs/examples.test.ts
 * evaluates them with the real one.
 */
const root = join(import.meta.dirname, '../..');
const examples = join(root, 'examples');
const inputs = new CliProject();
const projects = [inputs];
after(() => {
  for (const project of projects) project.remove();
});

before(() => {
  cpSync(join(root, 'tests/fixtures/examples'), inputs.folder, { recursive: true });
  for (const file of ['system.nix', 'bridge-helper.patch'])
    cpSync(join(root, 'tests/fixtures/flakes/fleet', file), join(inputs.folder, 'nixpkgs', file));
});

type Hosts = Record<string, object>;
interface StackFile {
  config: Record<string, unknown> & { 'nixos-fleet:hosts'?: Hosts };
}

class Example {
  readonly #project = new CliProject();
  readonly #name: string;
  readonly #file: string;

  constructor(name: string) {
    projects.push(this.#project);
    this.#name = name;
    const folder = join(examples, name);
    cpSync(folder, this.#project.folder, { recursive: true });
    [this.#file = ''] = globSync('Pulumi.*.yaml', { cwd: folder });
    this.#project.write('index.ts', `export * from '${root}/index.ts';\n`);
    // Inputs that need a network.
    for (const flake of globSync('*/flake.nix', { cwd: folder })) {
      const text = readFileSync(join(folder, flake), 'utf8');
      const own = (_: string, input: string) => `inputs.${input}.url = "path:${inputs.folder}/${input}"`;
      this.#project.write(flake, text.replace(/inputs\.([\w-]+)\.url = "github:[^"]*"/g, own));
    }
  }

  get #stack(): string {
    return basename(this.#file, '.yaml').slice('Pulumi.'.length);
  }

  async init(): Promise<this> {
    const { exitCode, text } = await this.#project.pulumi('stack', 'init', this.#stack);
    assert.equal(exitCode, 0, text);
    return this;
  }

  read(): StackFile {
    return parse(readFileSync(join(this.#project.folder, this.#file), 'utf8'));
  }

  /** Begins again with the stack's file as it was before the hosts were written into it. */
  withoutHosts(): void {
    const { config, ...rest } = this.read();
    delete config['nixos-fleet:hosts'];
    this.#project.write(this.#file, stringify({ ...rest, config }));
  }

  async adopt(tool: string, flake: string): Promise<string> {
    const { exitCode, text } = await this.#project.node(
      'commands/adopt/main.ts',
      ...['--from', tool, flake, '--stack', this.#stack],
    );
    assert.equal(exitCode, 0, text);
    return text;
  }

  /** What `pulumi preview --diff` shows, where no machine can be reached. */
  async preview(): Promise<string> {
    const { config, ...rest } = this.read();
    const hosts = Object.entries(config['nixos-fleet:hosts'] ?? {}).map(([name, host], index) => {
      const isVirtual = 'virtualMachine' in host;
      return [name, isVirtual ? host : { ...host, address: '127.0.0.1', port: index + 1 }];
    });
    const own = { ...config, 'nixos-fleet:hosts': Object.fromEntries(hosts) };
    this.#project.write(this.#file, stringify({ ...rest, config: own }));
    const { exitCode, text } = await this.#project.pulumi('preview', '--diff', '--stack', this.#stack);
    assert.equal(exitCode, 0, `${this.#name}: ${text}`);
    return text;
  }
}

const preview = async (name: string) => await (await new Example(name).init()).preview();

/** Names of the resources of a type that a preview creates. */
function created(text: string, type: string): string[] {
  const urns = text.matchAll(/\[urn=urn:pulumi:\S+\$nixos:index:(\w+)::(\S+)\]/g);
  return [...urns].filter(([, each]) => each === type).map(([, , name]) => name ?? '');
}

test('home-lab: three machines are previewed', async () => {
  const text = await preview('home-lab');
  assert.deepEqual(created(text, 'Deployment').sort(), ['dns', 'media', 'nas']);
  assert.match(text, /command +: "systemctl is-active --quiet unbound\.service"/);
});

test('waves: six machines in three waves', async () => {
  const text = await preview('waves');
  assert.match(text, /^wave canary: web1 \(1 of 1 machine\); soak 30 min; gate site$/m);
  assert.match(text, /^wave eu: web2, web3 \(2 of 2 machines\); together$/m);
  assert.match(text, /^wave us: web4…web6 \(3 of 3 machines\); 2 at once; 1 may fail$/m);
  assert.equal(created(text, 'Wave').length, 3);
});

test('kernel-loop: a virtual machine with GDB, whose kernel has the example’s symbols', async () => {
  const text = await preview('kernel-loop');
  assert.deepEqual(created(text, 'VirtualMachine'), ['dev']);
  assert.match(text, /gdb +: \{\s+port: 1234/);
  assert.match(text, /config +: "5 symbols: 3 y, 1 m, 1 other"/);
  assert.match(text, /reboot +: "when-needed"/);
});

test('bare-metal: an image and the disk that it is written onto, before the machine’s deployment', async () => {
  const text = await preview('bare-metal');
  assert.deepEqual(created(text, 'Image'), ['node']);
  assert.deepEqual(created(text, 'DiskInstall'), ['node']);
  assert.match(text, /image +: "\/nix\/store\/\S+\/node\.raw"/);
  assert.match(text, /^disk install node: .* could not be read: .*\[unreachable\]$/m);
});

for (const [name, tool, flake] of [
  ['from-colmena', 'colmena', './hive'],
  ['from-deploy-rs', 'deploy-rs', './nix'],
] as const)
  test(`${name}: its hosts are those that adopt writes, and its machines are previewed`, async () => {
    const example = await new Example(name).init();
    const { 'nixos-fleet:hosts': expected } = example.read().config;
    example.withoutHosts();
    await example.adopt(tool, flake);
    const { 'nixos-fleet:hosts': own, 'fleet:hosts': written = own } = example.read().config;
    assert.deepEqual(written, expected);
    assert.deepEqual(
      created(await new Example(name).init().then((each) => each.preview()), 'Deployment').sort(),
      ['db', 'web'],
    );
  });

/** The script of a job's preview, as the code host runs it. */
const scripts = {
  'github-actions.yml': ({ jobs }: { jobs: { preview: { steps: { name?: string; run: string }[] } } }) =>
    jobs.preview.steps.find(({ name }) => name === 'Preview')?.run,
  'gitlab-ci.yml': ({ preview }: { preview: { script: string[] } }) => preview.script.join('\n'),
};

for (const [file, scriptOf] of Object.entries(scripts))
  test(`ci/${file}: a preview that fails fails the job, and changes do not`, async () => {
    const script = scriptOf(parse(readFileSync(join(examples, 'ci', file), 'utf8'))) ?? '';
    const tools = new CliProject();
    projects.push(tools);
    const npm = `#!/bin/sh
case "$*" in
*' pulumi -- preview '*) exit "$PREVIEW" ;;
*' preview-summary '*) echo summary >summary.md; exit "$SUMMARY" ;;
*) exit 1 ;;
esac
`;
    for (const [tool, text] of Object.entries({ npm, gh: '#!/bin/sh\n', curl: '#!/bin/sh\n' })) {
      tools.write(tool, text);
      chmodSync(join(tools.folder, tool), 0o755);
    }
    const job = async (preview: number, summary: number) => {
      const { exitCode } = await runToEnd('bash', ['-e', '-c', script], {
        cwd: tools.folder,
        env: {
          ...{ PATH: `${tools.folder}${delimiter}${process.env.PATH}`, GITHUB_STEP_SUMMARY: '/dev/null' },
          ...{ PREVIEW: String(preview), SUMMARY: String(summary), STACK: 'prod', PR: '1' },
        },
        timeoutSeconds: 20,
      });
      return exitCode === 0;
    };
    assert.ok(await job(0, 0));
    assert.ok(await job(0, 2));
    assert.ok(!(await job(1, 0)));
    assert.ok(!(await job(255, 2)));
    assert.ok(!(await job(0, 1)));
  });

test('each example has a README of at most a page', () => {
  for (const folder of globSync('*/', { cwd: examples })) {
    const lines = readFileSync(join(examples, folder, 'README.md'), 'utf8').split('\n').length;
    assert.ok(lines <= 60, `${folder}: ${lines} lines`);
  }
});
