/**
 * Switches between systems of real NixOS modules, by the real switch-to-configuration, on a lab machine. The last test prints a
 * table: what the real tool did, and what the deployment said.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FleetError } from '../../lib/base/errors.ts';
import { Deployer } from '../lab/deployer.ts';
import { MachineUnderTest, when } from '../lab/machine-under-test.ts';
import { installedRoot, realSystems } from './real-systems.ts';
import { report } from './report.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

let machine: MachineUnderTest;
let deployer: Deployer;
let systems: Record<string, string>;
const rows: string[][] = [];

before(async () => {
  systems = await realSystems([...new Set(scenarios.flatMap(({ from, to }) => [from, to]))]);
  machine = await MachineUnderTest.create('real', '10.213.70', await installedRoot(systems.plain ?? ''));
  deployer = new Deployer(machine.target.connection);
});

after(async () => {
  await machine?.remove();
});

for (const scenario of scenarios) test(scenario.title, () => play(scenario));

test('the table', () => {
  const head = [
    'scenario',
    'exit code',
    'the real tool’s words',
    'outcome',
    'what the deployment said',
    'live afterwards',
    'boots',
  ];
  report('switches', [head, ...rows]);
});

async function play(scenario: Scenario): Promise<void> {
  const { from, to, settings, during, outcome, exitCode, says } = scenario;
  const [old = '', wanted = ''] = [systems[from], systems[to]];
  await deployer.up(old, {
    unitFailures: 'accept',
    confirmTimeoutSeconds: 60,
    activationTimeoutSeconds: 120,
  });
  if (scenario.before) await machine.run(scenario.before);
  const earlier = (await machine.lastResult())?.unit;
  let begun = false;
  const { onStatus, acted } = when('activating the configuration', async () => {
    begun = true;
    await during?.(machine);
  });
  const error = await failureOf(
    deployer.up(wanted, { confirmTimeoutSeconds: 60, activationTimeoutSeconds: 120, onStatus, ...settings }),
  );
  if (during) {
    assert.ok(begun, 'the activation has begun');
    await acted();
  }
  await scenario.afterwards?.(machine);
  await machine.reachable();
  await machine.until('[ ! -e /run/nixos-fleet/holder ]');
  if (scenario.after) await machine.run(scenario.after);
  const last = await machine.lastResult();
  const result = last?.unit === earlier ? undefined : last;
  const live = await machine.run('readlink -f /run/current-system');
  const happened = result?.outcome ?? (error ? 'refused' : 'none');
  const next = await machine.run('readlink -f /nix/var/nix/profiles/system; cat /boot/default');
  const [profile = '', booted = ''] = next.split('\n');
  rows.push([
    scenario.title,
    String(result?.exitCode ?? ''),
    await wordsOf(result?.unit),
    happened,
    error?.message.split('\n')[0]?.replace(/^one: /, '') ?? '',
    nameOf(live),
    nameOf(booted),
  ]);

  assert.notEqual(error?.code, 'rollback-failed', error?.message);
  assert.equal(happened, outcome, error?.message ?? deployer.lines.join('\n'));
  assert.equal(result?.exitCode ?? null, exitCode);
  assert.equal(error === undefined, ['confirmed', 'none'].includes(outcome), error?.message);
  if (says) assert.match(error?.message ?? deployer.lines.join('\n'), says);
  const isLive = outcome === 'confirmed' && settings?.action !== 'boot';
  const isNext = outcome === 'confirmed' && settings?.action !== 'test';
  const activated = settings?.specialisation ? `${wanted}/specialisation/${settings.specialisation}` : wanted;
  assert.equal(live, isLive ? await machine.run(`readlink -f ${activated}`) : old);
  assert.deepEqual([profile, booted], isNext ? [wanted, wanted] : [old, old]);
}

async function failureOf(deployed: Promise<unknown>): Promise<FleetError | undefined> {
  try {
    await deployed;
    return undefined;
  } catch (error) {
    if (error instanceof FleetError) return error;
    throw error;
  }
}

/** What switch-to-configuration said of units, checks and failures; without such a line, its last one. */
async function wordsOf(unit: string | undefined): Promise<string> {
  const log = unit
    ? await machine.run(`sed '/^nixos-fleet: rolling back/,$d' /var/lib/nixos-fleet/results/${unit}.log`)
    : deployer.lines.join('\n');
  const lines = log.split('\n').filter((line) => line && !line.startsWith('nixos-fleet: '));
  const telling = lines.filter((line) =>
    /the following|Failed to|failed|Could not|would |restarting systemd|incompatible/.test(line),
  );
  return [...new Set(telling.length > 0 ? telling.slice(0, 3) : lines.slice(-1))].join('; ').slice(0, 160);
}

function nameOf(system: string): string {
  return system.replace(/^.*-nixos-system-one-/, '');
}
