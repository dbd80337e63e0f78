import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { FleetError } from '../base/errors.ts';

/** File names of images. */
const imageName =
  /\.(qcow2|raw|img|iso|vmdk|vhdx?|vdi|ova|vma(\.zst)?|tar(\.\w+)?|box)(\.(zst|gz|xz|bz2))?$/i;

/**
 * The image in a build output: the file that the configuration names, else the output itself if it is a file, else the only
 * file in it with the name of an image.
 *
 * @throws FleetError `image-failed` if there is no such file, or more than one.
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
    what: `cannot tell which file is the image ${name}`,
    why: found.length > 0 ? `${outPath} contains ${found.join(', ')}` : `${outPath} is empty`,
    fix: 'Set image.filePath in its configuration, or use another variant or attribute.',
  });
}
