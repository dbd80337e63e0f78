import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
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
    const claim = await claimSlot(slot);
    if (!claim) continue;
    const release = () => void claim.close();
    const texts = [0, 1].map((parity) => `nixos-fleet-pulse-${slot}-${parity}`);
    const paths = await storeTexts(slot, texts).catch(() => undefined);
    if (paths) return { texts, paths, release };
    release();
    return undefined;
  }
  return undefined;
}

/**
 * Claims a slot on this computer by a socket of Linux's abstract namespace: one process has it, and it is gone with that process.
 * Undefined if another has it.
 */
async function claimSlot(slot: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(`\0nixos-fleet-pulses-${slot}`).unref();
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
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
