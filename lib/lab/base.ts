import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../errors.ts';
import { ProcessError, run } from '../process.ts';
import { cacheFolder } from './paths.ts';

/** What the set-up brought for the lab. All paths are absolute. */
export interface LabBase {
  /** Root file system that every machine's own is copied from. */
  base: string;
  /** Nix for the machines: `bin` holds the commands; `shared` is bound into them at the same path, if it is not empty. */
  nix: { bin: string; shared: string };
  /** Programs by name: of this computer where it has them, else of the cache. */
  tools: Record<'systemd-nspawn' | 'ip' | 'ssh-keygen', string>;
  /** Inputs for `nix --override-input NAME URL` whenever the lab's flake is evaluated. */
  overrideInputs: Record<string, string>;
}

const setup = join(import.meta.dirname, '..', '..', 'setup');
/** The same files in the same order as in setup/lab-base: they name the folder. */
const scripts = [
  'lab-base',
  'lab/base-packages',
  'lab/init',
  'lab/make-base',
  'lab/make-index',
  'lab/system-packages',
  'lab/tool-packages',
];

let ensured: Promise<LabBase> | undefined;

/**
 * The lab's base, from the cache where it is there (a few small reads), else made by setup/lab-base, which takes about half a
 * minute and shows its progress through `onProgress` (default: standard error). Done once a process.
 *
 * @throws FleetError `lab-failed` with the set-up's own words: no root, no Nix, no Debian archive.
 */
export function ensureLabBase(
  onProgress: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Promise<LabBase> {
  ensured ??= makeLabBase(onProgress).catch((error: unknown) => {
    ensured = undefined;
    throw error;
  });
  return ensured;
}

/** The programs that look after what is there: as the lab's base has them, else by their names on PATH. Sets nothing up. */
export async function labTools(): Promise<LabBase['tools']> {
  const cached = await readLabBase(await labBaseFolder());
  return cached?.tools ?? { 'systemd-nspawn': 'systemd-nspawn', ip: 'ip', 'ssh-keygen': 'ssh-keygen' };
}

async function makeLabBase(onProgress: (line: string) => void): Promise<LabBase> {
  const folder = await labBaseFolder();
  const cached = await readLabBase(folder);
  if (cached) return cached;
  try {
    await run(join(setup, 'lab-base'), [], { onStderrLine: onProgress, timeoutSeconds: 1800 });
  } catch (cause) {
    throw new FleetError({
      code: 'lab-failed',
      what: 'cannot set up the lab',
      why: cause instanceof ProcessError ? cause.stderr : String(cause),
      mend: 'Run setup/with setup/lab-base to see it alone.',
      cause,
    });
  }
  const made = await readLabBase(folder);
  if (made) return made;
  throw new FleetError({ code: 'lab-failed', what: 'the lab’s set-up ended, but left nothing', why: folder });
}

async function labBaseFolder(): Promise<string> {
  const hash = createHash('sha256');
  for (const script of scripts) hash.update(await readFile(join(setup, script)));
  return join(cacheFolder(), `lab-${hash.digest('hex').slice(0, 12)}`);
}

async function readLabBase(folder: string): Promise<LabBase | undefined> {
  try {
    const record = JSON.parse(await readFile(join(folder, 'base.json'), 'utf8'));
    // A store that was emptied since makes the package index worthless.
    await access((await readFile(join(folder, 'packages', 'probe'), 'utf8')).trim());
    await access(record.nix.bin);
    const { base, nix, tools, packages } = record;
    return { base, nix, tools, overrideInputs: { debian: `path:${packages}` } };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
