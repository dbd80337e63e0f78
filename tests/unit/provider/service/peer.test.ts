import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAllowed } from '../../../../provider/service/peer.ts';

const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (local: string, remote: string, state: string, uid: number) =>
  `   7: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 4517049 2 0 100 0\n`;
const listening = line('0100007F:1F90', '00000000:0000', '0A', 1000);
/** From 127.0.0.1:50000 to port 8080. */
const from = { address: '127.0.0.1', port: 0xc350, serverPort: 0x1f90 };
const client = (uid: number, state = '01') => line('0100007F:C350', '0100007F:1F90', state, uid);
const accepted = line('0100007F:1F90', '0100007F:C350', '01', 1000);

test('a process of the same user is accepted, any other is not (fault 30)', () => {
  const table = (uid: number) => head + listening + accepted + client(uid);
  assert.equal(isAllowed(table(1000), from, 1000), true);
  assert.equal(isAllowed(table(1001), from, 1000), false);
  assert.equal(isAllowed(table(0), from, 1000), false);
});

test('an IPv4 client with an IPv6 socket is found', () => {
  const mapped = '0000000000000000FFFF00000100007F';
  const table = (uid: number) => head + listening + line(`${mapped}:C350`, `${mapped}:1F90`, '01', uid);
  assert.equal(isAllowed(table(1000), from, 1000), true);
  assert.equal(isAllowed(table(1001), from, 1000), false);
});

test('the same port at another loopback address is another client', () => {
  const other = line('0200007F:C350', '0100007F:1F90', '01', 1000);
  assert.equal(isAllowed(head + listening + client(1001) + other, from, 1000), false);
});

test('a client that is gone, or not listed, is refused', () => {
  assert.equal(isAllowed(head + listening + accepted, from, 1000), false);
  assert.equal(isAllowed(head + listening + client(1000, '06'), from, 1000), false);
});

test('where the system lists no sockets, as outside of Linux, all are accepted', () => {
  assert.equal(isAllowed('', from, undefined), true);
  assert.equal(isAllowed(head, from, 1000), true);
});
