/** Reboots of a machine whose ssh dies before it replies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '../../../../../lib/base/errors.ts';
import type { RunResult } from '../../../../../lib/base/process/run.ts';
import { type RebootRequest, requestReboot } from '../../../../../lib/machine/reboot/request-reboot.ts';
import { waitForNextBoot } from '../../../../../lib/machine/reboot/wait.ts';
import type { Machine } from '../../../../../lib/machine/ssh/machine.ts';
import { machineAt } from '../../../../../lib/machine/ssh/machine-at.ts';
import { connection } from '../../../../../schema/connection.ts';

const lost = new FleetError({ code: 'unreachable', what: 'ssh failed', host: 'web', why: 'Broken pipe' });

/** A machine that answers each call with the next of these; it reads as booted where a boot ID is given. */
function machine(answers: (Error | string | RunResult)[]): Machine {
  return {
    ...machineAt('web', connection.parse({ address: 'web.example' })),
    close: async () => undefined,
    run: async () => {
      const answer = answers.shift();
      if (answer instanceof Error || answer === undefined) throw answer ?? new Error('no call expected');
      if (typeof answer !== 'string') return answer;
      return { stdout: `machine-id=m\nboot-id=${answer}\nend=yes\n`, stderr: '', exitCode: 0 };
    },
  };
}

const reading = { machineId: 'm', bootId: 'a' } as RebootRequest['reading'];
const request = { reading, status: () => undefined } as unknown as RebootRequest;
const waiting = { profile: 'system', before: reading, timeoutSeconds: 30, status: () => undefined };

test('a request to reboot that was not answered is no failure (fault 65)', async () => {
  assert.equal(await requestReboot(machine([lost]), request, 'reboot'), false);
  const done: RunResult = { stdout: '', stderr: '', exitCode: 0 };
  assert.equal(await requestReboot(machine([done]), request, 'reboot'), true);
  const failed = { ...done, exitCode: 1, stderr: 'no such job' };
  await assert.rejects(requestReboot(machine([failed]), request, 'reboot'), /could not be started/);
});

test('a machine that stays in its boot is requested to reboot again, once it answers (fault 65)', async () => {
  const requests = [false, true];
  const back = await waitForNextBoot(machine([lost, 'a', 'a', 'a', 'b']), {
    ...waiting,
    requestAgain: async () => requests.shift() ?? assert.fail('requested although it was answered'),
  });
  assert.equal(typeof back === 'string' ? back : back.bootId, 'b');
  assert.deepEqual(requests, []);
});
