/** The machine's lock. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BootMachine, cannotRun } from './boot-machine.ts';

const machine = new BootMachine('none');
after(() => machine.remove());
const skip = cannotRun ?? (process.getuid?.() === 0 ? undefined : 'needs another user');
const asNobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups';

/** Holds the lock, until its file descriptor 5 is closed. */
const holdAs = (user: string) => `mkfifo -m 666 /tmp/ready-$$ /tmp/end-$$
    ${user} flock "$lock" sh -c "echo >/tmp/ready-$$; read end </tmp/end-$$" >/dev/null 2>&1 &
    read ready </tmp/ready-$$
    exec 5>/tmp/end-$$`;

test('the lock is held once, with its holder', { skip: cannotRun }, () => {
  const output = machine.ok(`take_lock one ann || exit 5
    cat "$run/holder" | grep -v since
    (exec 9>&-; take_lock two bob) || echo refused
    (exec 9>&-; lock_is_held) && echo held
    release_lock
    lock_is_held || echo free
    ls "$run"`);
  assert.equal(output, 'unit=one\nby=ann\nrefused\nheld\nfree\nlock\nlock.guard');
});

test('no other user can open the lock or its folder (fault 3)', { skip }, () => {
  const output = machine.ok(`umask 022
    take_lock one ann
    stat -c '%a %u' "$run" "$lock"
    ${asNobody} flock -n "$lock" true 2>/dev/null || echo denied`);
  assert.equal(output, '700 0\n600 0\ndenied');
});

test('a lock file of an earlier version that another user holds is replaced (fault 3)', { skip }, () => {
  const output = machine.ok(`rm -rf "$run"
    umask 022
    mkdir "$run"
    : >"$lock"
    ${holdAs(asNobody)}
    flock -n "$lock" true || echo blocked
    lock_is_held || echo 'does not count'
    take_lock one ann && echo taken
`);
  assert.equal(output, 'blocked\ndoes not count\ntaken');
});

test('a lock file of an earlier version that root holds is respected', { skip: cannotRun }, () => {
  const output = machine.ok(`rm -rf "$run"
    umask 022
    mkdir "$run"
    : >"$lock"
    ${holdAs('')}
    lock_is_held && echo held
    take_lock one ann || echo refused
`);
  assert.equal(output, 'held\nrefused');
});
