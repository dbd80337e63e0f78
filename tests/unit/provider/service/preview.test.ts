import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyResource, Context } from '../../../../provider/resource.ts';
import { RolloutRun } from '../../../../provider/rollout/rollout-run.ts';
import { explain } from '../../../../provider/service/preview.ts';

const recorded = { id: 'x', inputs: {}, state: {} };

function contextWith(logged: string[]): Context {
  const { signal } = new AbortController();
  const log: Context['log'] = (severity, message) => logged.push(`${severity}: ${message}`);
  return {
    urn: '',
    name: 'web',
    signal,
    status: () => undefined,
    log,
    rollout: new RolloutRun(async () => {}),
  };
}

test('a resource’s explanation is a note; one that fails costs the preview nothing', async () => {
  const logged: string[] = [];
  const explaining = (explained: AnyResource['explain']) =>
    explain({ explain: explained } as AnyResource, recorded, {}, contextWith(logged));
  assert.equal(await explaining(async () => 'a note'), 'a note');
  assert.equal(await explaining(undefined), undefined);
  assert.deepEqual(logged, []);
  const failing = async () => {
    throw new Error('no store');
  };
  assert.equal(await explaining(failing), undefined);
  assert.match(logged.join(), /^debug: [\s\S]*no store/);
});
