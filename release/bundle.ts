import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { root } from './project.ts';

/**
 * Bundles the provider into `folder`: one file for its start, and others that are loaded later. Its modules believe that they are
 * below the folder, where they are in the project: there they find scripts.
 * @returns the folders of the packages that are part of it
 */
export async function bundleProvider(folder: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: 'provider/main.ts' },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    // It has a file for each platform.
    external: ['koffi'],
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
