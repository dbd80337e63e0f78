/** Errors in commands around a host are reported at preview, by the real CLI. tests/lab/commands.test.ts runs commands. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CliProject } from './cli-project.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const project = new CliProject();

before(async () => {
  await project.pulumi('stack', 'init', 'dev');
});

after(() => project.remove());

function declare(connection: object): void {
  writeFileSync(
    join(project.folder, 'index.ts'),
    `import { Host } from '${root}components/index.ts';
import { someFacts } from '${root}tests/fixtures/facts.ts';
const path = (name) => '/nix/store/' + 'a'.repeat(32) + '-' + name;
new Host('web', {
  evaluated: { drvPath: path('web.drv'), outPath: path('web'), facts: someFacts() },
  connection: ${JSON.stringify(connection)},
  commands: { after: { hello: { create: 'echo hello' } } },
});
`,
  );
}

test('a host without a recorded host key: an error in the preview, with what to do', async () => {
  declare({ address: 'web.example.org', identityFile: '/tmp/key' });
  const { exitCode, text } = await project.pulumi('preview');
  assert.notEqual(exitCode, 0, text);
  assert.match(text, /web: its commands and files cannot be run safely \[config-invalid\]/);
  assert.match(text, /connection\.hostKey is not set/);
  assert.doesNotMatch(text, /^\s+at .*\.ts:\d+/m);
});
