/** A guest that boots in seconds without KVM: Debian's kernel, busybox and a small ssh server in an initrd. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheRoot } from '../../lib/base/home.ts';
import { run } from '../../lib/base/process/run.ts';

const project = join(import.meta.dirname, '..', '..');
const fixture = join(project, 'tests/fixtures/vm-guest');

export interface Guest {
  kernel: string;
  initrd: string;
  /** A static busybox, which can be the builder of a derivation. */
  busybox: string;
}

/** Makes the guest in a temporary folder, removed at the end of the process. */
export async function makeGuest(): Promise<Guest> {
  const names = readFileSync(join(fixture, 'packages'), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.split(' ').filter(Boolean));
  const debs = join(cacheRoot(), 'debs', 'vm-guest');
  await run(join(project, 'setup/debs'), ['bookworm', debs, ...names], { timeoutSeconds: 1800 });
  const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-guest-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await run(join(fixture, 'make'), [debs, folder], { timeoutSeconds: 300 });
  return { kernel: join(folder, 'kernel'), initrd: join(folder, 'initrd'), busybox: join(folder, 'busybox') };
}
