/** Previews the recorded state of a lab that earlier code created. Needs the lab's base; no machine runs. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { RecordedStack, recordedResources } from '../contract/recorded-stack.ts';

const stack = new RecordedStack('lab');
after(() => stack.remove());

test('a lab made by earlier code shows no change', async () => {
  await stack.import();
  const steps = await stack.preview();
  assert.deepEqual(
    steps.filter(({ op, detailedDiff }) => op !== 'same' || detailedDiff),
    [],
  );
  assert.equal(steps.length, recordedResources('lab').length);
});
