import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nspawnArguments } from '../../../../../lib/local/lab/nspawn.ts';

test('bind mounts escape colons, and the machine’s init is started', () => {
  const args = nspawnArguments({
    title: 'dev.web',
    hostName: 'web',
    root: '/state/web/root',
    bridge: 'nf-dev',
    readOnly: { '/cache/a:b': '/cache/a:b', '/state/hosts': '/etc/hosts' },
  });
  assert.equal(args.at(-1), '/sbin/lab-init');
  for (const wanted of [
    '--directory=/state/web/root',
    '--network-bridge=nf-dev',
    '--bind-ro=/cache/a\\:b:/cache/a\\:b',
    '--bind-ro=/state/hosts:/etc/hosts',
    '--kill-signal=SIGRTMIN+3',
    '--register=no',
    '--keep-unit',
  ]) {
    assert.ok(args.includes(wanted), wanted);
  }
});
