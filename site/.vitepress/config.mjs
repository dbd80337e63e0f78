/** The docs site: the Markdown of the repository as it is, where a code host shows it too. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';
import { sidebar } from './sidebar.mjs';

const root = join(import.meta.dirname, '../..');
const base = process.env.DOCS_BASE ?? '/';

/** Files and folders of the sources that pages link to; the site has copies of them, and lists of these. */
const sources = new Set();

/** The path in the repository of a page that has been moved by `rewrites`. */
const pathOf = (page) => page.replace(/(^|\/)index\.md$/, '$1README.md');

/** Links to a README or to its folder lead to its page, links to other files and folders to copies and lists. */
function linksToFiles(md) {
  md.core.ruler.push('links-to-files', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      if (!href || /^([a-z]+:|#|\/)/.test(href)) continue;
      const [written, anchor] = href.split('#');
      const here = posix.dirname(pathOf(env.relativePath));
      const hasReadme = existsSync(join(root, here, written, 'README.md'));
      const path = hasReadme ? posix.join(written, 'README.md') : decodeURI(written);
      const file = posix.join(here, path);
      if (path.endsWith('README.md')) {
        const page = `${path.slice(0, -'README.md'.length)}index.md`;
        token.attrSet('href', anchor === undefined ? page : `${page}#${anchor}`);
      } else if (!path.endsWith('.md') && existsSync(join(root, file))) {
        sources.add(file.replace(/\/$/, ''));
        token.attrSet('href', `${base}source/${file.replace(/\/$/, '')}.txt`);
        token.attrSet('target', '_self');
      }
    }
  });
}

/** VitePress styles fenced blocks of code alone; indented ones look the same on code hosts. */
function indentedCode(md) {
  md.core.ruler.push('indented-code', ({ tokens }) => {
    for (const token of tokens.filter(({ type }) => type === 'code_block'))
      Object.assign(token, { type: 'fence', info: 'txt', markup: '```' });
  });
}

/** The pages are outside of this folder, and so find no package by themselves. */
const packagesOfPages = {
  name: 'packages-of-pages',
  enforce: 'pre',
  resolveId(source, importer, options) {
    if (!importer?.includes('.md') || !/^vue(\/|$)/.test(source)) return null;
    return this.resolve(source, import.meta.filename, { ...options, skipSelf: true });
  },
};

export default defineConfig({
  title: 'nixos-fleet',
  description: 'Deploy NixOS machines with Pulumi',
  lang: 'en',
  base,
  // None, and no request for one.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  srcDir: '..',
  outDir: process.env.DOCS_OUT ?? './dist',
  cacheDir: './node_modules/.vitepress',
  srcExclude: ['{bench,commands,components,lib,nix,program,provider,schema,setup,site,templates,tests}/**'],
  rewrites: (page) => page.replace(/(^|\/)README\.md$/, '$1index.md'),
  metaChunk: true,
  vite: { plugins: [packagesOfPages] },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    // Anchors as on code hosts: remark-validate-links checks these.
    anchor: { slugify: slug },
    toc: { slugify: slug },
    config: (md) => md.use(linksToFiles).use(indentedCode),
  },
  themeConfig: {
    sidebar,
    outline: [2, 3],
    search: {
      provider: 'local',
      options: { miniSearch: { searchOptions: { fuzzy: false, prefix: true } } },
    },
  },
  buildEnd({ outDir }) {
    for (const file of sources) {
      const copy = join(outDir, 'source', `${file}.txt`);
      mkdirSync(dirname(copy), { recursive: true });
      if (statSync(join(root, file)).isDirectory())
        writeFileSync(copy, `${readdirSync(join(root, file)).sort().join('\n')}\n`);
      else copyFileSync(join(root, file), copy);
    }
  },
});
