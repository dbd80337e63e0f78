/**
 * Retention of caches with real Nix and ssh: systems of `db` are pushed to a folder, and to `web`, which serves its store.
 * docs/caches.md lists the promises.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../lib/base/process/run.ts';
import { TestStack } from './stack.ts';

const network = '10.213.36';
const lab = 'retention';
const config = `Pulumi.${lab}.yaml`;
const roots = '/nix/var/nix/gcroots/nixos-fleet';
let stack: TestStack;
/** Systems of db in the order of their deployment. */
const systems: string[] = [];

before(async () => {
  stack = await TestStack.create({ stack: lab, network });
  stack.edit(config, `    edge:\n      lab: true\n      address: ${network}.13\n`, '');
  configure(1);
});

after(async () => {
  await stack?.remove();
});

/** Two caches, the folder and web. Machines do not fetch from them, as closures are copied. */
function configure(graceHours: number): void {
  const plain = stack.read(config).replace(/^ {2}nixos-fleet:(caches|defaults):\n(?: {4}.*\n)*/gm, '');
  const text = `  nixos-fleet:caches:
    disk:
      key: disk-1
      store: file://${stack.folder}/cache
      url: http://${network}.1:8080
      keep: { generations: 1, graceHours: ${graceHours} }
    lan:
      key: lan-1
      host: web
  nixos-fleet:defaults:
    delivery: copy
`;
  stack.write(config, plain.replace(/^config:\n/m, `config:\n${text}`));
}

// Systems of an earlier run may be built already: each run has new ones.
let edition = Date.now() % 1_000_000;
async function upWithNewSystem(): Promise<void> {
  const file = 'nix/lab/hosts/db.nix';
  const text = stack.read(file);
  edition += 1;
  stack.write(
    file,
    text.replace(/\}\s*$/, `  environment.etc."edition-${edition}".text = "${edition}";\n}\n`),
  );
  await stack.up();
  systems.push((await stack.live()).db?.system ?? '');
}

const name = (system = '') => system.slice('/nix/store/'.length);
const isCached = (system = '') =>
  existsSync(join(stack.folder, `cache/${name(system).slice(0, 32)}.narinfo`));

test('a cache keeps a machine’s live, booted and recorded systems, and frees the rest', async () => {
  for (let n = 1; n <= 4; n++) await upWithNewSystem();
  const [booted, recorded, dropped, before] = systems;
  // One is booted, one is recorded without a generation, one is neither.
  await stack.ssh(
    'db',
    `ln -sfn ${booted} /run/booted-system
    nix-env -p /nix/var/nix/profiles/system --delete-generations old
    rm -r ${roots}/${name(booted)} ${roots}/${name(dropped)}
    test -e ${roots}/${name(recorded)}/system`,
  );
  await upWithNewSystem();
  assert.ok(isCached(dropped), 'it stays until graceHours have passed');

  configure(0);
  const { text: preview } = await stack.preview();
  const [, paths, size] =
    /disk: an up would free (\d+ paths?), ([\d.]+ [KM]iB) \(of 1 system\)/.exec(preview) ?? [];
  assert.ok(Number.parseInt(paths ?? '', 10) > 0 && size, preview);
  const { text } = await stack.up();
  assert.ok(text.includes(`disk: freed ${paths}, ${size} (of 1 system)`), text);
  assert.equal(isCached(dropped), false);
  for (const system of [booted, recorded, before, systems[4]]) {
    // Every path of the closure is in the cache with intact contents.
    const verify = [
      'store',
      'verify',
      '--recursive',
      '--no-trust',
      '--store',
      `file://${stack.folder}/cache`,
    ];
    await run('nix', [...verify, system ?? ''], { timeoutSeconds: 300 });
  }
  assert.doesNotMatch((await stack.up()).text, /[1-9]\d* (created|updated|replaced|deleted)/);
});

test('a machine that serves its store keeps the systems of other machines, and no more', async () => {
  const [booted, recorded, dropped, before, live] = systems;
  const kept = await stack.ssh('web', `ls ${roots}-pushed/nixos-fleet-${lab}-push-lan-db`);
  for (const system of [booted, recorded, before, live])
    assert.ok(kept.includes(name(system)), `${system} has a root`);
  assert.equal(kept.includes(name(dropped)), false);
  // The garbage collector on web deletes the rest.
  await stack.ssh(
    'web',
    `nix-store --gc >/dev/null 2>&1; test -e ${booted} && test -e ${recorded} && test -e ${live} && test ! -e ${dropped}`,
  );
});
