import assert from 'node:assert/strict';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, posix } from 'node:path';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import { runToEnd } from '../../lib/base/process/run.ts';
import { Chromium, findChromium, type Screen } from './chromium.ts';

/** The docs site, built as by `npm run docs`. WRITE_DOCS=FOLDER keeps pictures of it. */
const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-site-'));
const site = join(folder, 'site');
const built = await runToEnd(join(root, 'site/build'), [], {
  env: { DOCS_OUT: site, DOCS_BASE: '/handbook/' },
  timeoutSeconds: 300,
});
const noPackages = !existsSync(join(root, 'site/node_modules/installed-lock.json'));
const skip = noPackages && `its packages cannot be fetched: ${built.stderr.trim().slice(-300)}`;
if (skip) console.log(`SKIPPED: the docs site; ${skip}`);
const found = await findChromium();
const notBuilt = built.exitCode !== 0 && 'it was not built';
const noBrowser = skip || notBuilt || (typeof found === 'string' && `no Chromium: ${found}`);
if (noBrowser && !skip) console.log(`SKIPPED: the docs site in a browser; ${noBrowser}`);

after(() => rmSync(folder, { recursive: true }));

const pages = () => globSync('**/*.html', { cwd: site }).filter((page) => page !== '404.html');
const html = (page: string) => readFileSync(join(site, page), 'utf8');

test('the site builds, and every page is in its navigation', { skip }, () => {
  assert.equal(built.exitCode, 0, built.stdout + built.stderr);
  const home = html('index.html');
  const missing = pages().filter(
    (page) => !home.includes(`href="/handbook/${page.replace(/index\.html$/, '')}"`),
  );
  assert.deepEqual(missing, []);
});

test('the navigation names each page once', async () => {
  const { sidebar } = await import(join(root, 'site/.vitepress/sidebar.mjs'));
  const links = (sidebar as { items: { link: string }[] }[]).flatMap(({ items }) =>
    items.map(({ link }) => link),
  );
  assert.deepEqual(links, [...new Set(links)]);
});

test('every link of the site leads to a page, a heading or a copied file; nothing is loaded from elsewhere', {
  skip,
}, () => {
  const ids = new Map(
    pages().map((page) => [page, new Set([...html(page).matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))]),
  );
  const broken: string[] = [];
  let links = 0;
  for (const page of pages()) {
    for (const [, href = ''] of html(page).matchAll(/<a [^>]*?href="([^"]*)"/g)) {
      if (/^https?:/.test(href)) continue;
      links += 1;
      const { pathname, hash } = new URL(href, `http://site/handbook/${page}`);
      const path = pathname.replace(/^\/handbook\//, '').replace(/(^|\/)$/, '$1index.html');
      const anchor = decodeURIComponent(hash.slice(1));
      const isThere = anchor ? ids.get(path)?.has(anchor) : existsSync(join(site, path));
      if (!isThere) broken.push(`${page}: ${href}`);
    }
    for (const [tag] of html(page).matchAll(/<(?:script|link|img|iframe|source)\b[^>]*>/g))
      if (/(?:src|href|srcset)="(?:https?:)?\/\//.test(tag)) broken.push(`${page}: ${tag}`);
  }
  assert.ok(links > 1000);
  assert.deepEqual(broken, []);
});

test('a broken link, anchor or picture is refused, by its file and line', { skip }, async () => {
  const cwd = join(folder, 'broken');
  mkdirSync(join(cwd, 'docs'), { recursive: true });
  writeFileSync(
    join(cwd, 'README.md'),
    '# A\n\n[good](docs/b.md#the-b) [no heading](docs/b.md#the-c)\n\n[no page](docs/c.md)\n\n![no picture](docs/d.png)\n',
  );
  writeFileSync(join(cwd, 'docs/b.md'), '# The b\n\n[no source](../lib/c.ts) [good](../README.md#a)\n');
  const { exitCode, stderr } = await runToEnd(join(root, 'site/check-links'), ['README.md', 'docs'], {
    cwd,
    env: { NO_COLOR: '1' },
    timeoutSeconds: 60,
  });
  assert.equal(exitCode, 1);
  const reported = [...stderr.matchAll(/^(\d+):.* (missing-\S+) +remark-validate-links/gm)];
  assert.deepEqual(
    reported.map(([, line, kind]) => `${line} ${kind}`).sort(),
    ['3 missing-file', '3 missing-heading-in-file', '5 missing-file', '7 missing-file'],
    stderr,
  );
});

/** Serves the site as any static host would, under the path that it was built for. */
async function serve(): Promise<Server> {
  const types: Record<string, string> = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.css': 'text/css',
    '.png': 'image/png',
    '.svg': 'image/svg+xml',
  };
  const server = createServer(({ url = '/' }, response) => {
    const path = posix.normalize(new URL(url, 'http://site').pathname).replace(/\/$/, '/index.html');
    const file = join(site, path.replace(/^\/handbook\//, ''));
    if (!path.startsWith('/handbook/') || !existsSync(file)) return response.writeHead(404).end();
    return response.setHeader('content-type', types[extname(file)] ?? 'text/plain').end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('the site in Chromium', { skip: noBrowser }, () => {
  let chromium: Chromium;
  let server: Server;
  let address: string;
  before(async () => {
    assert.ok(typeof found !== 'string');
    server = await serve();
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/handbook/`;
    chromium = new Chromium(found);
    await chromium.start();
  });
  after(async () => {
    await chromium.close();
    server.closeAllConnections();
    server.close();
  });

  const opened = async (page: string, screen: Partial<Screen> = {}) => {
    const tab = await chromium.page({ width: 1440, height: 1000, theme: 'light', ...screen });
    await tab.open(address + page);
    return tab;
  };

  const shown = [
    ['', 1440, 'light'],
    ['docs/kernels.html', 1440, 'dark'],
    ['docs/reliability.html', 820, 'light'],
    ['docs/previews.html', 820, 'dark'],
    ['docs/switch.html', 390, 'light'],
    ['docs/comparison.html', 390, 'dark'],
  ] as const;
  for (const [page, width, theme] of shown)
    test(`${page || 'the first page'}, ${width} wide, ${theme}: no error, no request elsewhere, accessible`, async () => {
      const tab = await opened(page, { width, theme });
      await tab.evaluate(axe.source);
      const violations = await tab.evaluate<unknown[]>(
        `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then(({ violations }) => violations
          .filter(({ impact }) => ['serious', 'critical'].includes(impact))
          .map(({ id, nodes }) => [id, nodes.length, nodes[0].html.slice(0, 200), nodes[0].failureSummary]))`,
      );
      assert.deepEqual(violations, []);
      assert.deepEqual(tab.problems, []);
      assert.deepEqual(
        tab.requests.filter((request) => !request.startsWith(address) && !request.startsWith('data:')),
        [],
      );
      const excess = await tab.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      assert.equal(excess, 0, 'the page scrolls sideways');
      if (process.env.WRITE_DOCS)
        writeFileSync(
          join(process.env.WRITE_DOCS, `site-${page.replace(/\W+/g, '-')}-${width}-${theme}.png`),
          await tab.screenshot(),
        );
      await tab.close();
    });

  test('the search finds a page by a word, without any other server', { timeout: 60_000 }, async () => {
    const tab = await opened('docs/setup.html');
    const result = await tab.evaluate<string>(`(async () => {
      const until = async (find) => {
        for (;;) {
          const value = find();
          if (value) return value;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      // The button answers once the page's script has run.
      const input = await until(() => {
        document.querySelector('.VPNavBarSearch button')?.click();
        return document.querySelector('#localsearch-input');
      });
      input.value = 'localmodconfig';
      input.dispatchEvent(new Event('input', { bubbles: true }));
      return (await until(() => document.querySelector('#localsearch-list a'))).href;
    })()`);
    assert.match(result, /\/handbook\/docs\/kernels\.html#/);
    assert.deepEqual(
      tab.requests.filter((request) => !request.startsWith(address) && !request.startsWith('data:')),
      [],
    );
    await tab.close();
  });
});
