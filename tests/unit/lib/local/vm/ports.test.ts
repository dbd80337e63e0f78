import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { conflicts, describeOwner, parseListeners, portInUse } from '../../../../../lib/local/vm/ports.ts';

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:08AE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0
   1: 0100007F:0050 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 100 0 0 10 0
`;
const tcp6 = `  sl  local_address rem_address st
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 77 1
   1: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 78 1
`;

test('listening sockets are parsed, connections are not', () => {
  assert.deepEqual(parseListeners(tcp, 'tcp'), [
    { protocol: 'tcp', port: 2222, address: '127.0.0.1', inode: '4242' },
  ]);
  assert.deepEqual(
    parseListeners(tcp6, 'tcp').map(({ address, port }) => [address, port]),
    [
      ['::', 8080],
      ['127.0.0.1', 8081],
    ],
  );
});

test('two claims conflict on the same address, or if one has all addresses', () => {
  const claim = (address: string, host = 2222, protocol: 'tcp' | 'udp' = 'tcp') => ({
    address,
    host,
    protocol,
  });
  assert.ok(conflicts(claim('127.0.0.1'), claim('127.0.0.1')));
  assert.ok(conflicts(claim('127.0.0.1'), claim('0.0.0.0')));
  assert.ok(conflicts(claim('::'), claim('127.0.0.1')));
  assert.ok(!conflicts(claim('127.0.0.1'), claim('127.0.0.2')));
  assert.ok(!conflicts(claim('127.0.0.1'), claim('127.0.0.1', 2223)));
  assert.ok(!conflicts(claim('127.0.0.1'), claim('127.0.0.1', 2222, 'udp')));
});

test('a port in use is reported with its process, a free one is not', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = (server.address() as AddressInfo).port;
  const claim = { protocol: 'tcp', host, address: '127.0.0.1' } as const;
  const machine = { stack: 'no-such-stack', name: 'base' };
  assert.match(portInUse(claim, machine) ?? '', new RegExp(`^process ${process.pid} \\(`));
  server.close();
  await once(server, 'close');
  assert.equal(portInUse(claim, machine), undefined);
});

test('the QEMU of a virtual machine is reported by the machine’s name', () => {
  const words = ['qemu', '-m', '512', '-pidfile', '/home/ada/.local/state/nixos-fleet/vm/dev/base/pid'];
  assert.equal(describeOwner('42', words), 'the virtual machine base of the stack dev');
  assert.equal(describeOwner('42', ['nginx', '-g']), 'process 42 (nginx -g)');
});
