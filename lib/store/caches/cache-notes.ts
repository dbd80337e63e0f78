import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { formatSize } from '../../base/bytes.ts';
import { counted } from '../../base/text.ts';
import type { BuildEstimate } from '../nix/dry-run.ts';
import { keyName } from '../nix/key-format.ts';
import type { PathInfo } from '../nix/path-info.ts';

/** Which of the queried paths a cache has, or why it could not be queried. `filled`: whether this stack pushes to it. */
export type CacheAnswer = { filled: boolean } & (
  | { infos: ReadonlyMap<string, PathInfo> }
  | { problem: string }
);

/** The new system of a machine. */
export interface HostSystem {
  outPath: string;
  delivery: DeploymentInputs['delivery'];
  /** Its closure; undefined if it is not built yet. */
  closure?: readonly PathInfo[];
  /** Public keys that the machine's Nix trusts; undefined if they are unknown. */
  trusted?: readonly string[];
}

export interface Note {
  severity: 'info' | 'warning';
  text: string;
}

/** Notes of a preview: what the caches have of the machines' new systems, and whether the machines trust its signatures. */
export function cacheNotes(
  caches: Readonly<Record<string, CacheAnswer>>,
  hosts: Readonly<Record<string, HostSystem>>,
  estimate: BuildEstimate | undefined,
): Note[] {
  const notes: Note[] = [];
  for (const [name, answer] of Object.entries(caches)) {
    if (!('problem' in answer)) continue;
    const text = `cannot query the cache ${name}, the update continues without it: ${answer.problem}`;
    notes.push({ severity: 'warning', text });
  }
  if (estimate) notes.push({ severity: 'info', text: buildNote(estimate) });
  const answering = Object.entries(caches).flatMap(([name, answer]) =>
    'infos' in answer ? [{ name, ...answer }] : [],
  );
  for (const [host, system] of Object.entries(hosts)) {
    const shares = answering.map((cache) => `${cache.name} ${shareOf(system, cache.infos)}`);
    const delivery = deliveryOf(system, answering);
    const parts = [...(system.closure ? [] : ['not built yet']), ...shares, ...(delivery ? [delivery] : [])];
    if (parts.length > 0)
      notes.push({ severity: 'info', text: `${host}, its new system: ${parts.join('; ')}` });
    for (const { name, infos } of answering) {
      const problem = distrust(system, infos);
      if (problem)
        notes.push({ severity: 'warning', text: `${host} does not accept paths from ${name}: ${problem}` });
    }
  }
  return notes;
}

function buildNote({ builds, paths, mebibytes }: BuildEstimate): string {
  return `to build: ${counted(builds, 'derivation')}; to fetch for the build: ${counted(paths, 'path')}, ${mebibytes} MiB`;
}

function shareOf({ outPath, closure }: HostSystem, infos: ReadonlyMap<string, PathInfo>): string {
  if (!closure) return infos.has(outPath) ? 'has it' : 'does not have it';
  const there = closure.filter(({ path }) => infos.has(path));
  return `has ${there.length} of ${closure.length} paths, ${size(there)} of ${size(closure)}`;
}

function size(infos: readonly PathInfo[]): string {
  return formatSize(infos.reduce((sum, { narSize }) => sum + narSize, 0));
}

/** How the machine will get its system; undefined if the caches do not decide it. */
function deliveryOf(
  { delivery, closure, outPath }: HostSystem,
  caches: readonly { name: string; filled: boolean; infos: ReadonlyMap<string, PathInfo> }[],
): string | undefined {
  if (delivery !== 'auto') return undefined;
  const whole = (infos: ReadonlyMap<string, PathInfo>) =>
    closure ? closure.every(({ path }) => infos.has(path)) : infos.has(outPath);
  const source = caches.find(({ infos }) => whole(infos));
  if (source) return `the machine fetches it from ${source.name}`;
  const filled = caches.find((cache) => cache.filled);
  return filled
    ? `the machine fetches it from ${filled.name} after the push`
    : 'it is copied from this computer';
}

/** Why a machine would reject the system from a cache, by the names of the keys. */
function distrust(
  { outPath, trusted }: HostSystem,
  infos: ReadonlyMap<string, PathInfo>,
): string | undefined {
  const info = infos.get(outPath);
  if (!info || !trusted) return undefined;
  const names = new Set(trusted.map(keyName));
  const signers = [...new Set(info.signatures.map(keyName))];
  if (signers.some((signer) => names.has(signer))) return undefined;
  const signed =
    signers.length > 0 ? `the system is signed by ${signers.join(', ')}` : 'the system is not signed';
  return `${signed}, but the machine trusts ${[...names].join(', ') || 'no key'}`;
}
