import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { root } from './project.ts';

export interface Bundle {
  /** Part of its files' names. */
  name: string;
  /** Modules of the project, by the name of the file that they become. */
  entries: Readonly<Record<string, string>>;
  /** Packages that stay outside, and are installed beside it. */
  external?: readonly string[];
}

/** The provider needs no installed package, except koffi, which has a file for each platform. */
export const providerBundle: Bundle = { name: 'provider', entries: { provider: 'provider/main.ts' } };

/**
 * Bundles modules into a folder: a file for each entry, and others that are loaded later. Its modules believe that they are below
 * the folder, where they are in the project: there they find scripts.
 * @returns the folders of the packages that are part of it
 */
export async function bundle({ name, entries, external = [] }: Bundle, folder: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { ...entries },
    outdir: folder,
    chunkNames: `${name}-[hash]`,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: [...external, 'koffi'],
    // Packages that are CommonJS require Node's modules.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    metafile: true,
    logLevel: 'error',
    plugins: [ownPlaces],
  });
  const packages = Object.keys(metafile.inputs).flatMap(
    (file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [],
  );
  return [...new Set(packages)].sort();
}

/** The folder of the bundle is where all its files are. */
const places = `import { join as joinPath } from 'node:path';
const bundlePath = (file) => joinPath(import.meta.dirname, file);
const bundleUrl = (file) => new URL(file, import.meta.url);`;

/** Replaces what a module knows of its place by the place below the bundle. */
const ownPlaces: Plugin = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (path.includes('/node_modules/') || !text.includes('import.meta')) return undefined;
      const file = relative(root, path);
      const contents = text
        .replaceAll('import.meta.url', `bundleUrl(${JSON.stringify(file)}).href`)
        .replaceAll('import.meta.dirname', `bundlePath(${JSON.stringify(dirname(file))})`)
        .replaceAll('import.meta.filename', `bundlePath(${JSON.stringify(file)})`);
      return { contents: `${places}\n${contents}`, loader: 'ts' };
    });
  },
};
