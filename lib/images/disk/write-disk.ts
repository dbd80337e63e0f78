import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { formatMiB } from '../../base/bytes.ts';
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
  /** The disk as the guards judged it: another one is refused by the machine itself. */
  reading: Pick<DiskReading, 'found' | 'digest' | 'tools'>;
  signal: AbortSignal;
  status: (line: string) => void;
}

export interface Written {
  /** What moved the backup partition table to the disk's end: `sgdisk`, `sfdisk`, or nothing. */
  moved: string;
}

/** Longest time that an image may take, in seconds. */
const limitSeconds = 24 * 3600;
/** Seconds without anything written after which the machine gives up: a connection may die without a word. */
const patienceSeconds = 300;

/**
 * Sends an image to a machine, which writes it onto its disk and reads it back.
 * @throws FleetError disk-refused where nothing was written; after any other error the disk may be half written
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
    patience: patienceSeconds,
  };
  // It removes itself.
  const text = `rm -f "$0"\n${scriptText(script, { variables })}`;
  const put = await runScript(machine, putScript, { variables: { file, text }, signal });
  if (!put.isWhole) throw refused(host, `its script could not be put into /run: ${put.why()}`);
  const image = progress(paddedImage(raw, signal), raw.bytes, status);
  const result = await machine.stream(['sh', file], packed(image, packing, signal), {
    // A shared connection may be closed by others.
    fresh: true,
    signal,
    timeoutSeconds: limitSeconds,
  });
  const reply = new Reply(host, result);
  if (reply.flag('refused')) throw refused(host, reply.why());
  if (reply.isWhole && reply.text('verified') === sha256) return { moved: reply.text('moved') };
  throw reply.error({
    code: 'disk-failed',
    what: `the image was not written whole onto ${reading.found.device}`,
    fix: 'Run again: the image is then written from its beginning. Where it fails at the same place, look at the disk: dmesg, smartctl.',
  });
}

/** What is read from the file and not yet sent is small: the reader waits for the network. */
async function* progress(
  image: AsyncIterable<Buffer>,
  bytes: number,
  status: (line: string) => void,
): AsyncGenerator<Buffer> {
  let seen = 0;
  let told = 0;
  for await (const chunk of image) {
    yield chunk;
    seen += chunk.length;
    if (performance.now() - told < 1000) continue;
    told = performance.now();
    status(`writing the disk: ${formatMiB(seen)} of ${formatMiB(bytes)}`);
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
  // Its error is that of the packer's own output, too.
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
    fix: 'Look at the disk once more with pulumi preview, then run again.',
  });
}
