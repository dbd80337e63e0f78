import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCidr } from '../../../../../lib/local/lab/cidr.ts';
import { networkUnit } from '../../../../../lib/local/lab/machine-root.ts';
import { conflictingRoute, formatHosts } from '../../../../../lib/local/lab/network.ts';

const cidr = parseCidr('10.213.7.0/24') ?? assert.fail();

test('another interface’s range conflicts; the default route and the lab’s own bridge do not', () => {
  const routes = [
    { dst: 'default', dev: 'eth0' },
    { dst: '192.0.2.0/24', dev: 'eth0' },
    { dst: '10.213.7.0/24', dev: 'nf-dev' },
    { dst: '10.213.7.1', dev: 'nf-dev', type: 'local' },
  ];
  assert.equal(conflictingRoute(routes, cidr, 'nf-dev'), undefined);
  const vpn = { dst: '10.0.0.0/8', dev: 'wg0' };
  assert.equal(conflictingRoute([...routes, vpn], cidr, 'nf-dev'), vpn);
  const single = { dst: '10.213.7.40', dev: 'eth1' };
  assert.equal(conflictingRoute([...routes, single], cidr, 'nf-dev'), single);
  assert.equal(conflictingRoute(routes, cidr, 'nf-other')?.dev, 'nf-dev');
});

test('/etc/hosts is sorted', () => {
  assert.equal(
    formatHosts({ web: '10.213.7.11', db: '10.213.7.12' }),
    '127.0.0.1 localhost\n::1 localhost\n10.213.7.12 db\n10.213.7.11 web\n',
  );
});

test('a machine has its address and no gateway', () => {
  const unit = networkUnit('10.213.7.11', 24);
  assert.match(unit, /^Address=10\.213\.7\.11\/24$/m);
  assert.doesNotMatch(unit, /Gateway|DHCP/);
});
