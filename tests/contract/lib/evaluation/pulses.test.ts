import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { claimPulses } from '../../../../lib/evaluation/reads/pulses.ts';
import { ownFolder } from '../../../fixtures/flakes/copy.ts';

beforeEach(async () => {
  process.env.XDG_CACHE_HOME = await ownFolder();
});

/** Claims and releases pulses many times, and writes down each claim's begin and end. */
const claimer = `
  import { claimPulses } from '${import.meta.resolve('../../../../lib/evaluation/reads/pulses.ts')}';
  import { appendFileSync } from 'node:fs';
  for (let round = 0; round < 300; round++) {
    const { paths: [path], release } = await claimPulses();
    appendFileSync(process.argv[1], 'claimed ' + path + '\\n');
    appendFileSync(process.argv[1], 'released ' + path + '\\n');
    release();
  }`;

test('two evaluators at once never have the same pulses', async () => {
  const { paths, release } = (await claimPulses()) ?? assert.fail('no pulses');
  const log = `${await ownFolder()}/claims`;
  const others = [1, 2, 3].map(() =>
    spawn(process.execPath, ['--input-type=module', '--eval', claimer, log], {
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
  );
  assert.deepEqual(
    (await Promise.all(others.map((other) => once(other, 'exit')))).map(([code]) => code),
    [0, 0, 0],
  );
  const claimed = new Set(paths.slice(0, 1));
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
    const [what, path = ''] = line.split(' ');
    if (what === 'released') claimed.delete(path);
    else {
      assert.ok(!claimed.has(path), `${path} was claimed twice`);
      claimed.add(path);
    }
  }
  release();
});
