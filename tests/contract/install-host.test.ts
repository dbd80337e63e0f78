import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CliProject } from './cli-project.ts';

/** `npm run install-host` up to the machine, which does not exist; tests/real installs one. */
const project = new CliProject();
after(() => project.remove());

const install = (...args: string[]) => project.node('commands/install/main.ts', ...args, '--stack', 'dev');
const disk = ['--disk', '/dev/vda=S1'];

before(async () => {
  const { exitCode, text } = await project.pulumi('stack', 'init', 'dev');
  assert.equal(exitCode, 0, text);
  const fixture = new URL('../fixtures/flakes/fleet', import.meta.url).pathname;
  cpSync(fixture, join(project.folder, 'flake'), { recursive: true });
  await project.pulumi('config', 'set', 'flake', 'path:./flake');
  await project.pulumi('config', 'set', '--path', 'hosts.web.address', '127.0.0.1');
  await project.pulumi('config', 'set', '--path', 'hosts.web.port', '1');
});

test('mistakes are refused before anything is evaluated', async () => {
  for (const [args, reason] of [
    [[...disk], /name one host/],
    [['web'], /--disk is missing/],
    [['web', '--disk', '/dev/vda'], /is not DEVICE=SERIAL/],
    [['shop', ...disk], /the stack has no host 'shop'.*Name one of web/s],
  ] as const) {
    const { exitCode, text } = await install(...args);
    assert.equal(exitCode, 2, text);
    assert.match(text, reason);
  }
});

test('a configuration without the layout is refused with the name of the attribute', async () => {
  const { exitCode, text } = await install('web', ...disk);
  assert.equal(exitCode, 2, text);
  assert.match(text, /web: .*diskoScript/);
});

test('system and layout are built before the machine is entered', async () => {
  const { exitCode, text } = await install('web', ...disk, '--layout', 'toplevel');
  assert.equal(exitCode, 2, text);
  assert.match(text, /web: checking the disks\nweb: the ssh connection failed .*\[unreachable\]/);
});
