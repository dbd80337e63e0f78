/** SDKs of the package, and programs in other languages than TypeScript, by Pulumi's own tools. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runToEnd } from '../../lib/base/process/run.ts';
import { CliProject } from './cli-project.ts';
import { languageEnvironment, withoutLanguages } from './language-hosts.ts';
import { executable } from './provider-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-languages-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Preview {
  steps: { urn: string }[];
  diagnostics?: { message: string }[];
}

describe('in other languages', { skip: withoutLanguages }, () => {
  let env: Record<string, string> = {};
  let generators = '';

  before(async () => {
    ({ env, generators } = await languageEnvironment());
  });

  /** Runs a command to its end; it must succeed. */
  async function succeeds(
    command: string,
    args: string[],
    more: { cwd?: string; env?: object } = {},
  ): Promise<string> {
    const options = { cwd: folder, timeoutSeconds: 900, ...more, env: { ...env, ...more.env } };
    const { exitCode, stdout, stderr } = await runToEnd(command, args, options);
    assert.equal(exitCode, 0, stdout + stderr);
    return stdout;
  }

  /** Generates the SDK of a language; returns its folder. */
  async function generated(language: string): Promise<string> {
    const PATH = generators ? `${generators}:${env.PATH}` : env.PATH;
    const args = ['package', 'gen-sdk', executable, '--language', language, '--out', folder];
    const text = await succeeds('pulumi', args, { env: { PATH, PULUMI_HOME: join(folder, 'home') } });
    assert.doesNotMatch(text, /warning|error/i);
    return join(folder, language);
  }

  const python = () => env.PULUMI_PYTHON_CMD ?? '';

  /** The folder of modules in which the SDK for Python is installed. */
  async function installedForPython(): Promise<string> {
    const modules = join(folder, 'modules');
    const how = [
      '--quiet',
      '--no-deps',
      '--no-index',
      '--no-build-isolation',
      '--upgrade',
      '--target',
      modules,
    ];
    await succeeds(python(), ['-m', 'pip', 'install', ...how, await generated('python')]);
    return modules;
  }

  test('the SDK for Node.js compiles', async () => {
    const sdk = await generated('nodejs');
    symlinkSync(join(root, 'node_modules'), join(sdk, 'node_modules'));
    await succeeds(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '-p', sdk]);
  });

  test('the SDK for Python is imported, and its types are checked when it is used', async () => {
    const sdk = await installedForPython();
    const text = `
import pulumi_nixos as nixos
assert nixos.DeploymentAction.DRY_ACTIVATE.value == 'dry-activate'
args = nixos.FleetHostArgs(connection=nixos.ConnectionArgs(address='web.example.org'), reboot='when-needed')
assert args.connection.address == 'web.example.org'
print(nixos.Fleet, nixos.evaluate, nixos.machine)
`;
    await succeeds(python(), ['-m', 'compileall', '-q', sdk]);
    await succeeds(python(), ['-c', text], { env: { PYTHONPATH: sdk } });
  });

  test('the SDK for Go compiles', {
    skip: process.env.LANGUAGES !== 'go' && 'LANGUAGES=go compiles Pulumi’s SDK for Go (some minutes)',
  }, async () => {
    const sdk = await generated('go');
    writeFileSync(join(sdk, 'go.mod'), 'module nixos-fleet/sdk/go\n\ngo 1.24\n');
    await succeeds('go', ['get', 'github.com/pulumi/pulumi/sdk/v3@v3.259.0'], { cwd: sdk });
    await succeeds('go', ['mod', 'tidy'], { cwd: sdk });
    await succeeds('go', ['vet', './...'], { cwd: sdk });
  });

  describe('the program of docs/languages.md', () => {
    const documented = readFileSync(join(root, 'docs/languages.md'), 'utf8');
    let byClass: string[] = [];

    function codeIn(language: string): string {
      const [, code] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(documented) ?? [];
      return code ?? assert.fail(`docs/languages.md has no program in ${language}`);
    }

    /** URNs of the resources that a preview of the program in these files shows. */
    async function previewed(files: Record<string, string>): Promise<string[]> {
      const project = new CliProject(env);
      try {
        cpSync(join(root, 'tests/fixtures/recorded/flake'), join(project.folder, 'nix'), { recursive: true });
        for (const [name, text] of Object.entries(files)) project.write(name, text);
        const created = await project.pulumi('stack', 'init', 'dev');
        assert.equal(created.exitCode, 0, created.text);
        const { exitCode, stdout } = await project.pulumi('preview', '--json');
        const { steps, diagnostics = [] }: Preview = JSON.parse(stdout);
        assert.equal(exitCode, 0, diagnostics.map(({ message }) => message).join('\n'));
        return steps
          .map(({ urn }) => urn)
          .filter((urn) => urn.includes('::nixos:index:'))
          .sort();
      } finally {
        project.remove();
      }
    }

    before(async () => {
      const hosts = {
        web: { connection: { address: 'web.example.org' } },
        db: { connection: { address: 'db.example.org' } },
      };
      byClass = await previewed({
        'index.ts': `await import('${join(root, 'tests/fixtures/fleet-program/index.ts')}');\n`,
        'fleet.json': JSON.stringify({ by: 'class', flake: './nix', hosts }),
      });
      assert.equal(byClass.filter((urn) => urn.includes('nixos:index:Deployment')).length, 2);
    });

    test('in YAML has at most 25 lines, and declares the machines that the classes do', async () => {
      const code = codeIn('yaml');
      assert.ok(code.trimEnd().split('\n').length <= 25);
      const program = code.replace('./nixos-fleet/provider', join(root, 'provider'));
      assert.match(program, /^name: machines$/m);
      const urns = await previewed({ 'Pulumi.yaml': program.replace('name: machines', 'name: fleet') });
      assert.deepEqual(urns, byClass);
    });

    test('in Python declares the machine that the classes do', async () => {
      const sdk = await installedForPython();
      const project = {
        name: 'fleet',
        runtime: 'python',
        plugins: { providers: [{ name: 'nixos', path: join(root, 'provider') }] },
      };
      const urns = await previewed({
        'Pulumi.yaml': JSON.stringify(project),
        '__main__.py': `import sys\nsys.path.insert(0, ${JSON.stringify(sdk)})\n${codeIn('python')}`,
      });
      assert.deepEqual(
        urns,
        byClass.filter((urn) => !urn.endsWith('::db')),
      );
    });
  });
});
