import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { formatSize } from '../../base/bytes.ts';
import { FleetError } from '../../base/errors.ts';
import { Reply } from '../../machine/script/reply.ts';
import { scriptFile, scriptText } from '../../machine/script/text.ts';
import type { Machine } from '../../machine/ssh/machine.ts';
import { runScript } from '../../machine/ssh/run-script.ts';
import type { DiskReading } from './parse-disk.ts';
import { paddedImage, type RawImage } from './raw-image.ts';
import { disksScript } from './read-disk.ts';

const script = disksScript + scriptFile('./write-disk.sh', import.meta.url);
const putScript = scriptFile('./put-script.sh', import.meta.url);

export interface WriteRequest {
  raw: RawImage;
  sha256: string;
  headSha256: string;
  /** The disk as the guards read it. The machine refuses to write a disk that has changed since. */
  reading: Pick<DiskReading, 'found' | 'digest' | 'tools'>;
  signal: AbortSignal;
  status: (line: string) => void;
}

export interface Written {
  /** Tool that moved the backup partition table to the end of the disk: `sgdisk`, `sfdisk`, or empty if none could. */
  moved: string;
}

/** Timeout of the whole write, in seconds. */
const limitSeconds = 24 * 3600;
/** Seconds without progress after which the machine gives up: a connection may die silently. */
const idleSeconds = 300;

/**
 * Sends an image to a machine, which writes it onto its disk and verifies it.
 * @throws FleetError disk-refused if nothing was written; after any other error the disk may be half written
 */
export async function writeDisk(machine: Machine, request: WriteRequest): Promise<Written> {
  const { name: host } = machine;
  const { raw, sha256, headSha256, reading, signal, status } = request;
  const packing = (['zstd', 'gzip'] as const).find((tool) => reading.tools.has(tool)) ?? 'none';
  const file = `/run/nixos-fleet/write-disk-${randomBytes(8).toString('hex')}.sh`;
  const variables = {
    name: reading.found.device.replace(/^\/dev\//, '').replaceAll('/', '!'),
    digest: reading.digest,
    bytes: raw.bytes,
    sha256,
    head: headSha256,
    packing,
    idle_seconds: idleSeconds,
  };
  // The script removes itself.
  const text = `rm -f "$0"\n${scriptText(script, { variables })}`;
  const put = await runScript(machine, putScript, { variables: { file, text }, signal });
  if (!put.isWhole) throw refused(host, `the script could not be written to /run: ${put.why()}`);
  const image = progress(paddedImage(raw, signal), raw.bytes, status);
  const result = await machine.stream(['sh', file], packed(image, packing, signal), {
    // Others may close a shared connection.
    fresh: true,
    signal,
    timeoutSeconds: limitSeconds,
  });
  const reply = new Reply(host, result);
  if (reply.flag('refused')) throw refused(host, reply.why());
  if (reply.isWhole && reply.text('verified') === sha256) return { moved: reply.text('moved') };
  throw reply.error({
    code: 'disk-failed',
    what: `the image was not completely written to ${reading.found.device}`,
    fix: 'Run again: the image is written from the beginning. If it fails at the same place, check the disk with dmesg and smartctl.',
  });
}

/** Reports progress. The file is read only as fast as the network takes it, so bytes read are about bytes sent. */
async function* progress(
  image: AsyncIterable<Buffer>,
  bytes: number,
  status: (line: string) => void,
): AsyncGenerator<Buffer> {
  let sent = 0;
  let reportedAt = 0;
  for await (const chunk of image) {
    yield chunk;
    sent += chunk.length;
    if (performance.now() - reportedAt < 1000) continue;
    reportedAt = performance.now();
    status(`writing the disk: ${formatSize(sent)} of ${formatSize(bytes)}`);
  }
  status('reading the disk back');
}

async function* packed(
  image: AsyncIterable<Buffer>,
  packing: 'zstd' | 'gzip' | 'none',
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (packing === 'none') return yield* image;
  const packer = packing === 'zstd' ? createZstdCompress() : createGzip({ level: 1 });
  const whole = pipeline(Readable.from(image), packer, { signal });
  // The packer's output fails with the same error.
  whole.catch(() => undefined);
  yield* packer as AsyncIterable<Uint8Array>;
  await whole;
}

function refused(host: string, why: string): FleetError {
  return new FleetError({
    code: 'disk-refused',
    what: 'the disk was not written',
    host,
    why,
    fix: 'Check the disk again with pulumi preview, then run again.',
  });
}
