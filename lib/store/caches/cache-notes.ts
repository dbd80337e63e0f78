import type { DeploymentInputs } from '../../../schema/deployment.ts';
import { formatMiB } from '../../base/bytes.ts';
import type { Work } from '../nix/dry-run.ts';
import { keyName } from '../nix/key-format.ts';
import type { PathInfo } from '../nix/path-info.ts';

/** What a cache said: what it has of the paths it was asked for, or why there is no answer. */
export type CacheAnswer = { filled: boolean } & (
  | { infos: ReadonlyMap<string, PathInfo> }
  | { problem: string }
);

export interface HostQuestion {
  outPath: string;
  delivery: DeploymentInputs['delivery'];
  /** The new system's closure, where it is built already. */
  closure?: readonly PathInfo[];
  /** Public keys that the machine's Nix trusts, where it could be asked. */
  trusted?: readonly string[];
}

export interface Note {
  severity: 'info' | 'warning';
  text: string;
}

/** What a preview tells of caches: what they have of the machines' new systems, and whether the machines accept it. Pure. */
export function cacheNotes(
  caches: Readonly<Record<string, CacheAnswer>>,
  hosts: Readonly<Record<string, HostQuestion>>,
  work: Work | undefined,
): Note[] {
  const notes: Note[] = [];
  for (const [name, answer] of Object.entries(caches)) {
    if (!('problem' in answer)) continue;
    const text = `the cache ${name} did not answer, which stops nothing: ${answer.problem}`;
    notes.push({ severity: 'warning', text });
  }
  if (work) notes.push({ severity: 'info', text: workNote(work) });
  const answering = Object.entries(caches).flatMap(([name, answer]) =>
    'infos' in answer ? [{ name, ...answer }] : [],
  );
  for (const [host, question] of Object.entries(hosts)) {
    const have = answering.map((cache) => `${cache.name} has ${shareOf(question, cache.infos)}`);
    const delivery = deliveryOf(question, answering);
    const parts = [...(question.closure ? [] : ['not built yet']), ...have, ...(delivery ? [delivery] : [])];
    if (parts.length > 0)
      notes.push({ severity: 'info', text: `${host}, its new system: ${parts.join('; ')}` });
    for (const { name, infos } of answering) {
      const problem = distrust(question, infos);
      if (problem)
        notes.push({ severity: 'warning', text: `${host} does not accept what ${name} has: ${problem}` });
    }
  }
  return notes;
}

function workNote({ builds, paths, mebibytes }: Work): string {
  return `left to build: ${builds} derivations; to fetch for that: ${paths} paths, ${mebibytes} MiB`;
}

function shareOf({ outPath, closure }: HostQuestion, infos: ReadonlyMap<string, PathInfo>): string {
  if (!closure) return infos.has(outPath) ? 'it' : 'not got it';
  const there = closure.filter(({ path }) => infos.has(path));
  return `${there.length} of ${closure.length} paths, ${size(there)} of ${size(closure)}`;
}

function size(infos: readonly PathInfo[]): string {
  return formatMiB(infos.reduce((sum, { narSize }) => sum + narSize, 0));
}

/** How it will come to the machine, where the caches decide. */
function deliveryOf(
  { delivery, closure, outPath }: HostQuestion,
  caches: readonly { name: string; filled: boolean; infos: ReadonlyMap<string, PathInfo> }[],
): string | undefined {
  if (delivery !== 'auto') return undefined;
  const whole = (infos: ReadonlyMap<string, PathInfo>) =>
    closure ? closure.every(({ path }) => infos.has(path)) : infos.has(outPath);
  const source = caches.find(({ infos }) => whole(infos));
  if (source) return `the machine fetches it from ${source.name}`;
  const filled = caches.find((cache) => cache.filled);
  return filled ? `the machine fetches it from ${filled.name}, once it is pushed there` : 'it is copied';
}

/** Why a machine would refuse what a cache has, by the names of the keys. */
function distrust(
  { outPath, trusted }: HostQuestion,
  infos: ReadonlyMap<string, PathInfo>,
): string | undefined {
  const info = infos.get(outPath);
  if (!info || !trusted) return undefined;
  const names = new Set(trusted.map(keyName));
  const signers = [...new Set(info.signatures.map(keyName))];
  if (signers.some((signer) => names.has(signer))) return undefined;
  const who = signers.length > 0 ? `it is signed by ${signers.join(', ')}` : 'it is not signed';
  return `${who}, and the machine trusts ${[...names].join(', ') || 'no key'}`;
}
