import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { FleetError } from '../base/errors.ts';

/** How the names of images end. */
const imageName =
  /\.(qcow2|raw|img|iso|vmdk|vhdx?|vdi|ova|vma(\.zst)?|tar(\.\w+)?|box)(\.(zst|gz|xz|bz2))?$/i;

/**
 * The image in a built output: the file that the configuration names, the output itself where it is a file, or the only file
 * in it that has an image's name.
 *
 * @throws FleetError `image-failed` where there is none, or more than one.
 */
export async function findImage(outPath: string, file: string, name: string): Promise<string> {
  if (file !== '') {
    const path = join(outPath, file);
    if ((await stat(path).catch(() => undefined))?.isFile()) return path;
  }
  if ((await stat(outPath)).isFile()) return outPath;
  const entries = await readdir(outPath, { recursive: true, withFileTypes: true });
  const all = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const images = all.filter((path) => imageName.test(path));
  const [only] = images;
  if (only && images.length === 1) return only;
  const found = (images.length > 0 ? images : all).map((path) => relative(outPath, path)).slice(0, 20);
  throw new FleetError({
    code: 'image-failed',
    what: `it is not clear which file the image ${name} is`,
    why: found.length > 0 ? `${outPath} has ${found.join(', ')}` : `${outPath} is empty`,
    fix: 'Set image.filePath in its configuration, or name another variant or attribute.',
  });
}
