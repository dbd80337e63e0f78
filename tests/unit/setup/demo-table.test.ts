import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoTable } from '../../../setup/demo-table.ts';

test('columns fit their longest cell, and machines are sorted', () => {
  const hash = '0'.repeat(32);
  assert.equal(
    demoTable({
      web: {
        generation: 3,
        system: `/nix/store/${hash}-nixos-system-web-1`,
        kernel: '6.1.0',
        services: ['nginx', 'heartbeat'],
        since: '2026-07-01T10:00:00.000Z',
      },
      db: { generation: 12, services: [], since: null },
    }),
    [
      'machine  generation  system              kernel  services          since',
      'db       12          –                   –       –                 –',
      'web      3           nixos-system-web-1  6.1.0   nginx, heartbeat  2026-07-01 10:00:00 UTC',
      '',
    ].join('\n'),
  );
});

test('without machines there is no table', () => assert.equal(demoTable({}), ''));
