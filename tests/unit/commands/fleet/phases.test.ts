import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { initialPhase, phaseOf } from '../../../../commands/fleet/phases.ts';
import { phaseText } from '../../../../lib/machine/switch/switch-output.ts';

test('every status line of a deployment in the sources begins a phase', () => {
  const files = globSync([
    'lib/machine/{delivery,switch,reboot}/**/*.ts',
    'provider/resources/deployment/**/*.ts',
  ]);
  const lines = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\b(?:status|onLine)\(\s*(?:[a-zA-Z]+ \? )?[`'](.*?)[`']/g)].map(
      ([, line = '']) => line,
    ),
  );
  const texts = Object.values(phaseText);
  assert.ok(lines.length >= 12, `${lines.length}`);
  // These belong to whatever phase lasts.
  const anywhere = /^(no answer, asking again|the switch has ended)/;
  const unknown = [...lines, ...texts].filter((line) => !anywhere.test(line) && phaseOf(line) === undefined);
  assert.deepEqual(unknown, []);
});

test('output of other programs begins none', () => {
  for (const line of [
    'restarting the following units: nginx.service',
    'Checking switch inhibitors... done',
    'copying is nice',
  ])
    assert.equal(phaseOf(line === 'copying is nice' ? `no ${line}` : line), undefined, line);
});

test('work on a resource begins with the phase of its kind', () => {
  assert.equal(initialPhase('nixos:index:System'), 'building');
  assert.equal(initialPhase('nixos:index:Secrets'), 'working');
});
