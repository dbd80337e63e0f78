import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { EngineLog } from '../../../../provider/service/engine-log.ts';
import { FakeEngine } from '../../../contract/provider-process.ts';
import { FakeClock } from '../../fake-clock.ts';

const engine = new FakeEngine();
let clock: FakeClock;
let log: EngineLog;
before(() => engine.start());
after(() => {
  log.close();
  engine.stop();
});
beforeEach(() => {
  log?.close();
  clock = new FakeClock();
  log = new EngineLog(engine.address, clock);
  engine.shown.splice(0);
});

async function shown(): Promise<string[]> {
  await log.flush();
  return engine.shown
    .splice(0)
    .map(({ urn, message, ephemeral }) => `${urn}${ephemeral ? ' ~' : ''} ${message}`);
}

test('the first status is shown at once, the newest of the next ones after the interval', async () => {
  for (const step of [1, 2, 3]) log.status('web', `step ${step}`);
  assert.deepEqual(await shown(), ['web ~ step 1']);
  await clock.pass(499);
  assert.deepEqual(await shown(), []);
  await clock.pass(1);
  assert.deepEqual(await shown(), ['web ~ step 3']);
  await clock.pass(500);
  log.status('web', 'step 4');
  assert.deepEqual(await shown(), ['web ~ step 4']);
});

test('resources do not wait for each other', async () => {
  log.status('web', 'one');
  log.status('db', 'one');
  assert.deepEqual(await shown(), ['web ~ one', 'db ~ one']);
});

test('an ended status is taken away, with what still waited; one never shown is not', async () => {
  log.status('web', 'one');
  log.status('web', 'two');
  log.endStatus('web');
  log.endStatus('db');
  await clock.pass(1000);
  assert.deepEqual(await shown(), ['web ~ one', 'web ~ ']);
  assert.equal(clock.pending, 0);
});

test('lines are kept, all and in their order', async () => {
  for (let line = 1; line <= 50; line++) log.log('web', 'info', `${line}`);
  assert.deepEqual(
    await shown(),
    Array.from({ length: 50 }, (_, index) => `web ${index + 1}`),
  );
});

test('an engine that went away is no error', async () => {
  const gone = new FakeEngine();
  await gone.start();
  gone.stop();
  const lost = new EngineLog(gone.address);
  lost.log('web', 'warning', 'nobody hears this');
  await lost.flush();
  lost.close();
});
