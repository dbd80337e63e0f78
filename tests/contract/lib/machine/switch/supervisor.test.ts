/** The supervisor of a switch, run by this computer's shells with stand-ins for systemd and Nix. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Hooks, Sandbox } from './sandbox.ts';

interface Case {
  sandbox: Sandbox;
  /** The outcome and how far the machine was rolled back. */
  ending: () => unknown[];
}

/** A machine on the system `old`, ready to switch to `new`. */
function machine(context: TestContext, hooks: { old?: Hooks; new?: Hooks } = {}, parameters = {}): Case {
  const sandbox = new Sandbox();
  context.after(() => rmSync(sandbox.root, { recursive: true, force: true }));
  sandbox.install(sandbox.system('old', hooks.old));
  sandbox.prepare(sandbox.system('new', hooks.new), parameters);
  return {
    sandbox,
    ending: () => {
      const { outcome, wentBack } = sandbox.result() ?? {};
      return [outcome, wentBack];
    },
  };
}

/** Runs a switch that is confirmed as soon as it waits. */
async function confirmed({ sandbox }: Case): Promise<void> {
  const { ended } = sandbox.start('run');
  await sandbox.phase('waiting');
  sandbox.confirm();
  await ended;
}

test('a confirmed system becomes that of the next boot', async (context) => {
  const one = machine(context);
  await confirmed(one);
  assert.deepEqual(one.ending(), ['confirmed', 'not-needed']);
  assert.deepEqual(one.sandbox.state, ['new', 'new', 'new']);
  assert.deepEqual(one.sandbox.result(true), one.sandbox.result());
});

test('a confirmation outlives a /var where nothing can be written (faults 2, 58)', async (context) => {
  const one = machine(context);
  const { sandbox } = one;
  // A file in the place of the folder: root may write into a read-only folder.
  rmSync(join(sandbox.root, 'var/lib/nixos-fleet'), { recursive: true });
  sandbox.write('var/lib/nixos-fleet', '');
  await confirmed(one);
  // What systemd runs after every end of the main process.
  await sandbox.start('stopped').ended;
  assert.deepEqual(one.ending(), ['confirmed', 'not-needed']);
  assert.deepEqual(sandbox.state, ['new', 'new', 'new']);
  assert.equal(sandbox.result(true), undefined);
});

test('a supervisor that is killed after the confirmation: the switch is completed (fault 2)', async (context) => {
  const one = machine(context, {
    new: { boot: '[ -e "$root/once" ] || { touch "$root/once"; kill -9 $PPID; sleep 1; exit 1; }' },
  });
  const { sandbox } = one;
  // The parent of the tool is `timeout`; the supervisor is its parent.
  sandbox.command('timeout', 'shift 3; exec "$@"');
  await confirmed(one);
  assert.deepEqual(one.ending(), [undefined, undefined]);
  await sandbox.start('stopped').ended;
  assert.deepEqual(one.ending(), ['confirmed', 'not-needed']);
  assert.deepEqual(sandbox.state, ['new', 'new', 'new']);
});

test('phases are written where a file system has no space left (fault 20)', async (context) => {
  const one = machine(context, {}, { confirm_seconds: 1 });
  const { sandbox } = one;
  const { ended } = sandbox.start('run');
  await sandbox.phase('waiting');
  const file = join(sandbox.directory, 'phase');
  const { ino, size } = statSync(file);
  await ended;
  assert.equal(readFileSync(file, 'utf8').trim(), 'finished');
  assert.deepEqual([statSync(file).ino, statSync(file).size], [ino, size], 'in place');
  assert.deepEqual(one.ending(), ['not-confirmed', 'yes']);
});

test('a profile that is no numbered link: restored, and the result is valid (fault 17)', async (context) => {
  const one = machine(context, { new: { boot: 'exit 1' } });
  const { sandbox } = one;
  rmSync(sandbox.profile);
  symlinkSync(join(sandbox.root, 'nix/store/old'), sandbox.profile);
  await confirmed(one);
  assert.deepEqual(one.ending(), ['boot-loader-failed', 'yes']);
  assert.equal(sandbox.result()?.previousGeneration, 0);
  assert.deepEqual(sandbox.state, ['old', 'old', 'old']);
});

test('a failed activation script is rolled back, also where failed units overwrite its exit code (fault 61)', async (context) => {
  const one = machine(context, { new: { test: 'echo "Failed to run activate script"; exit 4' } });
  await one.sandbox.start('run').ended;
  assert.deepEqual(one.ending(), ['activation-failed', 'yes']);
  assert.deepEqual(one.sandbox.state.slice(0, 2), ['old', 'old']);
});

test('the checks of the previous system do not refuse a rollback (fault 62)', async (context) => {
  const one = machine(context, { new: { test: 'exit 101' } });
  await one.sandbox.start('run').ended;
  assert.equal(one.sandbox.read('calls'), 'new check \nnew test \nold test 1\n');
});

test('of two that recover a killed supervisor, the second waits for the first', async (context) => {
  const one = machine(context, { new: { test: 'kill -9 $PPID; sleep 1' } });
  const { sandbox } = one;
  // The parent of the tool is `timeout`; the supervisor is its parent.
  sandbox.command('timeout', 'shift 3; exec "$@"');
  await sandbox.start('run').ended;
  // The first holds the lock for longer than the second waits at a time.
  sandbox.command(
    'flock',
    'if [ "$1" = -w ] && ! [ -e "$root/waited" ]; then touch "$root/waited"; exit 1; fi; exec /usr/bin/flock "$@"',
  );
  await sandbox.start('stopped').ended;
  assert.deepEqual(one.ending(), ['killed', 'yes']);
  assert.ok(existsSync(join(sandbox.root, 'waited')));
});

test('a switch-to-configuration that is killed did not time out', async (context) => {
  const killed = machine(context, { new: { test: 'kill -9 $$' } });
  await killed.sandbox.start('run').ended;
  assert.deepEqual(killed.ending(), ['activation-failed', 'yes']);
  assert.equal(killed.sandbox.result()?.exitCode, 137);
});

test('a switch-to-configuration that ends only when timeout kills it has timed out', async (context) => {
  const hanging = machine(context, {}, { activation_seconds: 1 });
  const once = 'case "$4 $5" in */new/*test) sleep "$3"; exit 137 ;; esac';
  hanging.sandbox.command('timeout', `${once}; shift 3; exec "$@"`);
  await hanging.sandbox.start('run').ended;
  assert.deepEqual(hanging.ending(), ['timed-out', 'yes']);
});

test('units that the new system reloaded are reloaded on the way back, if it did not touch them', async (context) => {
  const one = machine(context, {
    old: { test: 'echo "restarting the following units: b.service, c.service"' },
    new: { test: 'echo "reloading the following units: a.service, b.service"; exit 101' },
  });
  one.sandbox.command('systemctl', 'echo "$*" >>"$root/systemctl"');
  await one.sandbox.start('run').ended;
  assert.deepEqual(one.ending(), ['activation-failed', 'yes']);
  const reloads = one.sandbox.read('systemctl').split('\n');
  assert.deepEqual(
    reloads.filter((line) => line.startsWith('reload')),
    ['reload a.service'],
  );
});

for (const [code, why] of [
  [1, 'an older lock'],
  [11, 'the lock'],
  [2, 'not NixOS'],
] as const) {
  test(`a switch that is refused with exit code ${code} (${why}) before it touches anything is not rolled back (fault 67)`, async (context) => {
    const one = machine(context);
    one.sandbox.system('new', { check: `exit ${code}` });
    await one.sandbox.start('run').ended;
    assert.deepEqual(one.ending(), ['check-failed', 'not-needed']);
    // The same between the check and the switch.
    const two = machine(context);
    const tool = join(two.sandbox.system('new'), 'bin/switch-to-configuration');
    rmSync(tool);
    two.sandbox.write(
      'nix/store/new/bin/switch-to-configuration',
      `#!/bin/sh\n[ $1 = check ] || exit ${code}\n`,
    );
    chmodSync(tool, 0o755);
    await two.sandbox.start('run').ended;
    assert.deepEqual(two.ending(), ['check-failed', 'not-needed']);
  });
}

test('units that had failed before are known again when systemd does not answer at once (fault 48)', async (context) => {
  const one = machine(context, { new: { test: 'exit 4' } });
  one.sandbox.write('failed-units', '● old.service loaded failed failed Old\n');
  one.sandbox.write('silent', '\n\n\n');
  await confirmed(one);
  assert.deepEqual(one.ending(), ['confirmed', 'not-needed']);
});

test('its folder is removed in mid-switch: it can still be confirmed, or is rolled back (fault 58)', async (context) => {
  const one = machine(context, { new: { test: 'rm -rf "$root/run/nixos-fleet"' } });
  await confirmed(one);
  assert.deepEqual(one.ending(), ['confirmed', 'not-needed']);
  const two = machine(context, { new: { test: 'rm -rf "$root/run/nixos-fleet"' } }, { confirm_seconds: 1 });
  await two.sandbox.start('run').ended;
  assert.deepEqual(two.ending(), ['not-confirmed', 'yes']);
  assert.deepEqual(two.sandbox.state.slice(0, 2), ['old', 'old']);
});

test('a rejection’s reason is in the result (fault 55)', async (context) => {
  const one = machine(context);
  const { ended } = one.sandbox.start('run');
  await one.sandbox.phase('waiting');
  one.sandbox.write('run/nixos-fleet/units/nixos-fleet-1/reject', 'the operator cancelled');
  await ended;
  assert.deepEqual(one.ending(), ['rejected', 'yes']);
  assert.equal(one.sandbox.result()?.reason, 'the operator cancelled');
});
