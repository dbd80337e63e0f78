/** SDKs of the package, and programs in other languages than TypeScript, by Pulumi's own tools. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CliProject } from './cli-project.ts';
import { Languages, withoutLanguages } from './language-hosts.ts';
import { pulumiVersion } from './setup/sandbox.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-languages-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Preview {
  steps: { urn: string }[];
  diagnostics?: { message: string }[];
}

describe('in other languages', { skip: withoutLanguages }, () => {
  let languages: Languages;

  before(async () => {
    languages = await Languages.in(folder);
  });

  test('the SDK for Node.js compiles', async () => {
    const sdk = await languages.sdk('nodejs');
    symlinkSync(join(root, 'node_modules'), join(sdk, 'node_modules'));
    await languages.succeeds(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '-p', sdk]);
  });

  test('the SDK for Python is imported, and its types are checked when it is used', async () => {
    const sdk = await languages.pythonModules();
    const text = `
import pulumi_nixos as nixos
assert nixos.DeploymentAction.DRY_ACTIVATE.value == 'dry-activate'
args = nixos.FleetHostArgs(connection=nixos.ConnectionArgs(address='web.example.org'), reboot='when-needed')
assert args.connection.address == 'web.example.org'
print(nixos.Fleet, nixos.evaluate, nixos.machine)
`;
    await languages.succeeds(languages.python, ['-m', 'compileall', '-q', sdk]);
    await languages.succeeds(languages.python, ['-c', text], { env: { PYTHONPATH: sdk } });
  });

  test('the SDK for Go compiles', {
    skip: process.env.LANGUAGES !== 'go' && 'LANGUAGES=go compiles Pulumi’s SDK for Go (some minutes)',
  }, async () => {
    const sdk = await languages.sdk('go');
    writeFileSync(join(sdk, 'go.mod'), 'module nixos-fleet/sdk/go\n\ngo 1.24\n');
    await languages.succeeds('go', ['get', `github.com/pulumi/pulumi/sdk/v3@v${pulumiVersion}`], {
      cwd: sdk,
    });
    await languages.succeeds('go', ['mod', 'tidy'], { cwd: sdk });
    await languages.succeeds('go', ['vet', './...'], { cwd: sdk });
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
      const project = new CliProject(languages.env);
      try {
        cpSync(join(root, 'tests/fixtures/recorded/flake'), join(project.folder, 'nix'), { recursive: true });
        for (const [name, text] of Object.entries(files)) project.write(name, text);
        const created = await project.pulumi('stack', 'init', 'dev');
        assert.equal(created.exitCode, 0, created.text);
        const { exitCode, stdout } = await project.pulumi('preview', '--json');
        const { steps, diagnostics = [] }: Preview = JSON.parse(
          // Components of programs in TypeScript have types of their own, which are aliases of these.
          stdout.replaceAll('nixos-fleet:index:', 'nixos:index:'),
        );
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
      const sdk = await languages.pythonModules();
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
