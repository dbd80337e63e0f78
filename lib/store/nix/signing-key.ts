import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetError } from '../../base/errors.ts';
import { withTemporaryFolder } from '../../base/temporary-folder.ts';
import { type KeyPair, parseSecretKey } from './key-format.ts';
import { nix } from './nix.ts';

/** Generates a signing key. It is never written to a file. */
export async function generateSigningKey(name: string, signal?: AbortSignal): Promise<KeyPair> {
  const { exitCode, stdout, stderr } = await nix(['key', 'generate-secret', '--key-name', name], {
    timeoutSeconds: 60,
    signal,
  });
  if (exitCode === 0) return parseSecretKey(stdout, 'the output of nix key generate-secret');
  throw new FleetError({
    code: 'cache-failed',
    what: `cannot generate the key ${name}`,
    why: stderr.trim(),
  });
}

/** Calls `work` with a temporary file that contains a secret key, readable by this user only. */
export async function withKeyFile<T>(secretKey: string, work: (file: string) => Promise<T>): Promise<T> {
  return await withTemporaryFolder(async (folder) => {
    const file = join(folder, 'key');
    await writeFile(file, `${secretKey}\n`, { mode: 0o600, flag: 'wx' });
    return await work(file);
  });
}
