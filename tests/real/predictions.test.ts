/**
 * What a preview says about running units, against what switch-to-configuration announces and does: for each step of the tours, on a
 * lab machine of real NixOS modules. The last test prints a table.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { copyToMachine } from '../../lib/machine/copy-to-machine.ts';
import type { Switching } from '../../schema/facts.ts';
import { MachineUnderTest } from '../lab/machine-under-test.ts';
import { judge } from './judgement.ts';
import { installedRoot, realFacts, realSystems } from './real-systems.ts';
import { report } from './report.ts';
import { tours } from './tours.ts';
import { parseVisits } from './unit-changes.ts';

const names = [...new Set(['plain', ...tours.flat()])];
const visit = readFileSync(new URL('visit.sh', import.meta.url), 'utf8');
const rows: string[][] = [];
const totals = { pairs: 0, missed: 0, wrong: 0, unpredicted: 0 };

let machine: MachineUnderTest;
let systems: Record<string, string>;
let switchings: Record<string, Switching | undefined>;

before(async () => {
  systems = await realSystems(names);
  const facts = await realFacts(names);
  switchings = Object.fromEntries(names.map((name) => [name, facts[name]?.switching]));
  machine = await MachineUnderTest.create(
    'predictions',
    '10.213.76',
    await installedRoot(systems.plain ?? ''),
  );
  await copyToMachine(machine.target, { paths: Object.values(systems) });
});

after(async () => {
  await machine?.remove();
});

for (const tour of tours) {
  test(`the switches plain → ${tour.join(' → ')}`, async () => {
    const paths = tour.map((name) => systems[name]);
    // In one run, since sshd may be gone in between.
    const { stdout } = await machine.target.run(`set -- ${paths.join(' ')}\n${visit}`, {
      timeoutSeconds: 300,
    });
    const visits = parseVisits(stdout);
    assert.equal(visits.length, tour.length);
    const faults: string[] = [];
    for (const [index, to] of tour.entries()) {
      const from = tour[index - 1] ?? 'plain';
      const [old, desired, seen] = [switchings[from], switchings[to], visits[index]];
      assert.ok(old && desired && seen);
      assert.match(seen.dry, /^would activate the configuration/m);
      assert.match(seen.said, /^activating the configuration/m);
      const judged = judge(old, desired, seen);
      const { predicted, whereActive, notPredicted, unpredicted, missed, wrong } = judged;
      totals.pairs += 1;
      totals.missed += missed.length;
      totals.wrong += wrong.length;
      totals.unpredicted += unpredicted.length;
      const cells = [predicted, whereActive, notPredicted, unpredicted, missed, wrong];
      rows.push([from, to, ...cells.map((items) => items.join('; '))]);
      faults.push(...missed.map((what) => `${from} → ${to}: missed ${what}`));
      faults.push(...wrong.map((what) => `${from} → ${to}: false ${what}`));
    }
    assert.deepEqual(faults, []);
  });
}

test('the table', () => {
  const head = [
    'from',
    'to',
    'predicted',
    'predicted where active',
    'not predicted: units of',
    'of these',
    'missed',
    'false',
  ];
  report('predictions', [head, ...rows]);
  const { pairs, missed, wrong, unpredicted } = totals;
  console.log(`${pairs} pairs: ${missed} missed, ${wrong} false, ${unpredicted} said to be unpredictable`);
  assert.ok(totals.pairs >= 30, 'at least 30 pairs');
});
