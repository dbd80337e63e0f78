/** Builders with real Nix and ssh: a lab machine builds for this computer. docs/builders.md lists the promises. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { formatBuilders } from '../../schema/builder.ts';
import { type Derivation, instantiate } from '../contract/derivations.ts';
import { ProviderProcess, urnOf } from '../contract/provider-process.ts';
import { MachineUnderTest } from './machine-under-test.ts';

const token = 'nixos:index:System';
const system = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux';
/** Prints the host name of the builder; the sandbox of this computer has another one. */
const whereAmI = 'read name < /proc/sys/kernel/hostname; echo $name > $out';
const folder = mkdtempSync(join(tmpdir(), 'builders-'));
let machine: MachineUnderTest;
/** New for each test: a provider does not retry a builder that was unreachable. */
let provider: ProviderProcess;

before(async () => {
  machine = await MachineUnderTest.create('builders', '10.213.34');
});
beforeEach(async () => {
  await provider?.end();
  provider = await ProviderProcess.start({ XDG_STATE_HOME: folder });
  await provider.configure();
});
after(async () => {
  await provider?.end();
  await machine?.remove();
  rmSync(folder, { recursive: true });
});

function declared(
  settings: { hostKey?: string; systems?: string[]; mandatoryFeatures?: string[] } = {},
): string {
  const { address, hostKey = '', identityFile = '' } = machine.target.connection;
  const one = { address, hostKey, identityFile, systems: [system], ...settings };
  return formatBuilders({ one }) ?? '';
}

async function build(derivation: Derivation, builders: string): Promise<string> {
  const inputs = { host: 'web', ...derivation, builders };
  await provider.create(urnOf(token, derivation.outPath.slice(-8)), inputs);
  return readFileSync(derivation.outPath, 'utf8').trim();
}

const shown = (pattern: RegExp) => provider.engine.shown.filter(({ message }) => pattern.test(message));

test('a derivation is built on the builder, and the output names it', async () => {
  const derivation = await instantiate('builders-there', whereAmI);
  assert.equal(await build(derivation, declared()), 'one');
  await machine.run(`test -e ${derivation.outPath}`);
  assert.equal(shown(/^built on one: 1 derivation \(builders-there\)$/).length, 1);
  assert.ok(shown(/building: builders-there on 10\.213\.34\.11/).some(({ ephemeral }) => ephemeral));
});

test('a derivation for another system is built on a builder of that system, the rest here', async () => {
  // Nix chooses a builder by its systems; the build itself is a native one.
  await machine.run("echo 'extra-platforms = riscv64-linux' >>/etc/nix/nix.conf");
  const builders = declared({ systems: ['riscv64-linux'] });
  const foreign = await instantiate('builders-foreign', whereAmI, 'riscv64-linux');
  assert.equal(await build(foreign, builders), 'one');
  const own = await instantiate('builders-own', whereAmI);
  assert.notEqual(await build(own, builders), 'one');
  await machine.run("sed -i '/^extra-platforms/d' /etc/nix/nix.conf");
});

test('a builder with another host key is left out, and builds nothing', async () => {
  const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG2Qe1k2nBzY0iTpWv9Ml7nZcQv8Rzb0u8b1m0y8Yw3k';
  const derivation = await instantiate('builders-impostor', whereAmI);
  assert.notEqual(await build(derivation, declared({ hostKey })), 'one');
  assert.equal(shown(/the builder one is left out: .*Host key verification failed/).length, 1);
  await machine.run(`test ! -e ${derivation.outPath}`);
});

test('a builder gets no build that does not require its mandatory feature', async () => {
  const derivation = await instantiate('builders-picky', whereAmI);
  assert.notEqual(await build(derivation, declared({ mandatoryFeatures: ['kvm'] })), 'one');
});

test('a builder that goes away during a build is left out, and its builds run here', async () => {
  const script = `read name < /proc/sys/kernel/hostname; [ "$name" != one ] || /bin/sleep 600; ${whereAmI}`;
  const derivation = await instantiate('builders-lost', script);
  const building = build(derivation, declared());
  await provider.engine.until(({ message }) => /building: builders-lost on/.test(message));
  await machine.until('pgrep -f "[s]leep 600"');
  await machine.target.close();
  await machine.stop();
  assert.notEqual(await building, 'one');
  assert.equal(shown(/the builder one is left out/).length, 1);
});

test('a builder that is off is reported once, and its builds run here', async () => {
  const derivation = await instantiate('builders-off', whereAmI);
  assert.notEqual(await build(derivation, declared()), 'one');
  const warnings = shown(/the builder one is left out: .*(No route to host|timed out|no answer within)/);
  assert.equal(warnings.length, 1);
  // Nix does not get the unreachable builder, so it does not wait for it again.
  assert.deepEqual(shown(/cannot build on/), []);
  const second = await instantiate('builders-off-too', whereAmI);
  assert.notEqual(await build(second, declared()), 'one');
  assert.equal(shown(/the builder one is left out: /).length, 1, 'it is tried and reported once');
});

test('an output that exists connects to no builder', async () => {
  const derivation = await instantiate('builders-there-already', whereAmI);
  await build(derivation, '{}');
  await build(derivation, declared());
  assert.equal(existsSync(derivation.outPath), true);
  assert.equal(shown(/left out/).length, 0);
});

test('a builder that comes back builds again', async () => {
  await machine.start();
  const derivation = await instantiate('builders-back', whereAmI);
  assert.equal(await build(derivation, declared()), 'one');
});
