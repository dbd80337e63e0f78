import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { parseExport } from '../../commands/exported-stack.ts';
import { shownFleet } from '../../commands/report/fleet.ts';
import { page } from '../../commands/report/page.ts';
import { parseFleetPlan } from '../../commands/report/plan.ts';
import { recordedFleet } from '../../commands/report/recorded-fleet.ts';
import { madeUpEvents, madeUpState, madeUpTags } from '../fixtures/report/made-up-fleet.ts';
import { Chromium, findChromium, type Screen } from './chromium.ts';

/** The report in a browser. WRITE_DOCS=1 keeps the pictures of docs/report.md. */
const found = await findChromium();
const skip = typeof found === 'string' ? `no Chromium: ${found}` : false;
if (skip)
  console.log(`SKIPPED: the report’s page in a browser; ${skip}. To run it: CHROMIUM=/path/to/chromium`);

const folder = mkdtempSync(join(tmpdir(), 'nixos-fleet-report-'));
const widths = [390, 820, 1440];

function write(name: string, state: string, tags: Record<string, string[]>, events?: string): string {
  const file = join(folder, name);
  const fleet = shownFleet({
    recorded: recordedFleet(parseExport(state)),
    statuses: undefined,
    tags,
    plan: events === undefined ? undefined : parseFleetPlan(events),
    writtenAt: new Date('2026-11-28T20:05:00Z'),
  });
  writeFileSync(file, page(fleet));
  return pathToFileURL(file).href;
}

const recorded = readFileSync(new URL('../fixtures/recorded/fleet.json', import.meta.url), 'utf8');
const pages = {
  recorded: write('recorded.html', recorded, {}),
  twenty: write('twenty.html', madeUpState(20), madeUpTags(20), madeUpEvents(20)),
  hundred: write('hundred.html', madeUpState(100), madeUpTags(100), madeUpEvents(100)),
};

test('a browser is there', { skip }, () => {});

describe('the report in Chromium', { skip }, () => {
  let chromium: Chromium;
  before(async () => {
    assert.ok(typeof found !== 'string');
    chromium = new Chromium(found);
    await chromium.start();
  });
  after(async () => {
    await chromium.close();
    rmSync(folder, { recursive: true });
  });

  const opened = async (url: string, screen: Partial<Screen> = {}) => {
    const tab = await chromium.page({ width: 1440, height: 1000, theme: 'light', ...screen });
    await tab.open(url);
    return tab;
  };

  for (const name of ['recorded', 'twenty'] as const)
    for (const width of widths)
      for (const theme of ['light', 'dark'] as const)
        test(`${name}, ${width} wide, ${theme}: no error, nothing loaded, accessible, nothing too wide`, async () => {
          const url = pages[name];
          const tab = await opened(url, { width, theme });
          const excess = await tab.evaluate<number>(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          assert.equal(excess, 0, 'the page scrolls sideways');
          await tab.evaluate(axe.source);
          // Everything is checked as it is when all is open.
          await tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");
          const rules = {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
          };
          const violations = await tab.evaluate<unknown[]>(
            `axe.run(document, ${JSON.stringify(rules)}).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.length, nodes[0].html.slice(0, 200), nodes[0].failureSummary]))`,
          );
          assert.deepEqual(violations, []);
          assert.deepEqual(tab.problems, []);
          assert.deepEqual(tab.requests, [url]);
          await tab.close();
        });

  test('a hundred machines are painted soon, without an error', async (context) => {
    const tab = await opened(pages.hundred);
    // The browser paints when it has time, which may be after the page is loaded.
    const paint = await tab.evaluate<number>(`new Promise((resolve) => {
      const painted = ({ name }) => name === 'first-contentful-paint';
      const observer = new PerformanceObserver((list) => {
        const [entry] = list.getEntries().filter(painted);
        if (entry) resolve(entry.startTime);
      });
      observer.observe({ type: 'paint', buffered: true });
    })`);
    context.diagnostic(`first contentful paint after ${paint.toFixed(0)} ms`);
    // Leaves room for a busy computer.
    assert.ok(paint < 10_000, `${paint} ms`);
    assert.deepEqual([tab.problems, tab.requests], [[], [pages.hundred]]);
    await tab.close();
  });

  const shown = (kind: string) =>
    `[...document.querySelectorAll('${kind}')].filter((each) => each.checkVisibility()).length`;

  test('/ goes to the search, which finds machines, changes and symbols; Escape shows all', async () => {
    const tab = await opened(pages.hundred);
    await tab.press('/');
    assert.equal(await tab.evaluate('document.activeElement.id'), 'search');
    for (const letter of 'hugetlbfs') await tab.press(letter);
    assert.equal(await tab.evaluate("document.querySelector('#search').value"), 'hugetlbfs');
    assert.equal(
      await tab.evaluate("document.querySelector('#found').textContent"),
      '0 of 100 machines, 0 changes and deployments, 1 symbols',
    );
    assert.equal(await tab.evaluate(shown('.config pre')), 1);
    await tab.press('Escape');
    assert.equal(await tab.evaluate(shown('.tile')), 100);
    for (const letter of 'db81') await tab.press(letter);
    assert.equal(await tab.evaluate(shown('.tile')), 1);
    await tab.close();
  });

  test('the keyboard reaches each tile and opens it, with visible focus', async () => {
    const tab = await opened(pages.recorded);
    const focused = 'document.activeElement.closest(".tile")?.querySelector(".name").textContent ?? ""';
    for (let presses = 0; presses < 40 && (await tab.evaluate(focused)) !== 'web'; presses += 1)
      await tab.press('Tab');
    assert.equal(await tab.evaluate(focused), 'web');
    assert.equal(await tab.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid');
    await tab.press('Enter');
    assert.equal(await tab.evaluate('document.activeElement.parentElement.open'), true);
    await tab.close();
  });

  test('filters show the machines that have all that is pressed', async () => {
    const tab = await opened(pages.hundred);
    const press = (word: string) =>
      tab.evaluate(`document.querySelector('[data-filter="${word}"] button').click()`);
    await press('reboot');
    const due = await tab.evaluate<number>(shown('.tile'));
    assert.equal(
      await tab.evaluate(`Number(document.querySelector('[data-filter="reboot"] strong').textContent)`),
      due,
    );
    await press('tag:database');
    const both = await tab.evaluate<number>(shown('.tile'));
    assert.ok(both > 0 && both < due, `${both} of ${due}`);
    await press('');
    assert.equal(await tab.evaluate(shown('.tile')), 100);
    await tab.close();
  });

  test('the theme follows the system until it is switched', async () => {
    const tab = await opened(pages.recorded, { theme: 'dark' });
    const back = 'getComputedStyle(document.body).backgroundColor';
    const dark = await tab.evaluate(back);
    await tab.evaluate("document.getElementById('theme').click()");
    const light = await tab.evaluate(back);
    assert.notEqual(light, dark);
    await tab.evaluate("document.getElementById('theme').click()");
    assert.equal(await tab.evaluate(back), dark);
    await tab.open(pages.recorded);
    assert.equal(
      await tab.evaluate("document.getElementById('theme').textContent"),
      'Theme: dark',
      'it is kept',
    );
    await tab.evaluate("document.getElementById('theme').click()");
    assert.equal(await tab.evaluate("document.getElementById('theme').textContent"), 'Theme: system');
    await tab.close();
  });

  test('without scripts all is there, and nothing that needs one', async () => {
    const tab = await chromium.page({ width: 820, height: 1000, theme: 'light' });
    await tab.send('Emulation.setScriptExecutionDisabled', { value: true });
    await tab.open(pages.hundred);
    await tab.send('Emulation.setScriptExecutionDisabled', { value: false });
    assert.equal(await tab.evaluate(shown('.tile')), 100);
    assert.equal(await tab.evaluate(shown('input, button')), 0);
    await tab.close();
  });

  test('names that are markup stay texts', async () => {
    const hostile = JSON.stringify(
      '</script><img src=x onerror="document.title=1"><script>document.title=2</script>',
    ).slice(1, -1);
    const url = write(
      'hostile.html',
      recorded.replaceAll('"host": "web"', `"host": "${hostile}"`).replaceAll('root@example.org', hostile),
      {},
    );
    const tab = await opened(url);
    assert.equal(await tab.evaluate('document.images.length + document.scripts.length'), 1);
    assert.match(await tab.evaluate<string>('document.title'), /^fleet – /);
    assert.match(await tab.evaluate<string>('document.body.innerText'), /onerror=/);
    assert.deepEqual([tab.problems, tab.requests], [[], [url]]);
    await tab.close();
  });

  const pictures = {
    wide: { width: 1280, height: 920, theme: 'light', of: 'hundred', at: 'main' },
    dark: { width: 1280, height: 920, theme: 'dark', of: 'twenty', at: '#deployments' },
    phone: { width: 390, height: 780, theme: 'light', of: 'hundred', at: '#machines' },
  } as const;
  for (const [name, { of, at, ...screen }] of Object.entries(pictures))
    test(`the picture ${name} of docs/report.md is small`, async () => {
      const tab = await opened(pages[of], screen);
      if (at !== 'main') await tab.evaluate(`document.querySelector('${at}').scrollIntoView()`);
      const picture = await tab.screenshot();
      assert.ok(picture.length > 10_000 && picture.length < 150_000, `${picture.length} bytes`);
      const file = new URL(`../../docs/images/report-${name}.png`, import.meta.url);
      if (process.env.WRITE_DOCS) writeFileSync(file, picture);
      else assert.ok(existsSync(file));
      await tab.close();
    });

  test('it can be printed, without what is for the screen', async () => {
    const tab = await opened(pages.hundred);
    const { data } = await tab.send('Page.printToPDF', {});
    assert.match(Buffer.from(String(data), 'base64').subarray(0, 5).toString(), /^%PDF-/);
    await tab.send('Emulation.setEmulatedMedia', { media: 'print' });
    assert.equal(await tab.evaluate(shown('nav, .tools, #found')), 0);
    await tab.evaluate("document.documentElement.dataset.theme = 'dark'");
    assert.equal(await tab.evaluate('getComputedStyle(document.documentElement).colorScheme'), 'light');
    assert.equal(await tab.evaluate(shown('.tile')), 100);
    await tab.close();
  });
});
