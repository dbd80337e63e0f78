import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { exists, readJson, writeJson } from '../../base/files.ts';
import { cacheRoot } from '../../base/home.ts';
import { withTemporaryFolder } from '../../base/temporary-folder.ts';
import { nix } from '../../store/nix/nix.ts';

/** Evaluators on this computer with pulses of their own; further ones are not observed. */
const maxPulses = 64;

/** Two files in the store that an evaluator opens in turn, one at the end of each host: two equal events in a row become one. */
export interface Pulses {
  /** Arguments of `builtins.toFile`, name and content, which make the files. */
  texts: string[];
  paths: string[];
  /** Lets another evaluator use them. */
  release: () => void;
}

/** Pulses that no other evaluator uses, made if they are not in the store; undefined if they cannot be made. */
export async function claimPulses(): Promise<Pulses | undefined> {
  for (let slot = 0; slot < maxPulses; slot++) {
    const claim = join(tmpdir(), `nixos-fleet-pulses-${slot}`);
    if (!claimFile(claim)) continue;
    const release = () => rmSync(claim, { force: true });
    const texts = [0, 1].map((parity) => `nixos-fleet-pulse-${slot}-${parity}`);
    const paths = await storeTexts(slot, texts).catch(() => undefined);
    if (paths) return { texts, paths, release };
    release();
    return undefined;
  }
  return undefined;
}

/** A claim of a process that ended is taken over. Two that take over at once only observe less. */
function claimFile(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    try {
      if (isRunning(Number(readFileSync(path, 'utf8')))) return false;
      writeFileSync(path, String(process.pid));
      return true;
    } catch {
      return false;
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function storeTexts(slot: number, texts: readonly string[]): Promise<string[] | undefined> {
  const record = join(cacheRoot(), 'reads', `pulses-${slot}.json`);
  const kept = await readJson(record, z.array(z.string())).catch(() => undefined);
  if (kept?.length === texts.length && (await Promise.all(kept.map(exists))).every((there) => there))
    return kept;
  const made = await Promise.all(texts.map(storeText));
  const paths = made.filter((path) => path !== undefined);
  if (paths.length < made.length) return undefined;
  await writeJson(record, paths).catch(() => undefined);
  return paths;
}

/** The file that `builtins.toFile text text` makes. */
async function storeText(text: string): Promise<string | undefined> {
  return await withTemporaryFolder(async (folder) => {
    const file = join(folder, text);
    await writeFile(file, text);
    const add = ['store', 'add', '--mode', 'text', '--name', text, file];
    const { exitCode, stdout } = await nix(add, { timeoutSeconds: 60 });
    return exitCode === 0 ? stdout.trim() : undefined;
  });
}
