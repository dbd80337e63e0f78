import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExport } from '../../../../commands/exported-stack.ts';
import { shownFleet } from '../../../../commands/report/fleet.ts';
import { page } from '../../../../commands/report/page.ts';
import { parseFleetPlan } from '../../../../commands/report/plan.ts';
import { recordedFleet } from '../../../../commands/report/recorded-fleet.ts';
import { encrypted, madeUpEvents, madeUpState, madeUpTags } from '../../../fixtures/report/made-up-fleet.ts';

/** The page of a made-up stack, after replacements in its state and in the plan. */
function pageOf(count: number, replace: (text: string) => string = (text) => text): string {
  const tags = JSON.parse(replace(JSON.stringify(madeUpTags(count))));
  return page(
    shownFleet({
      recorded: recordedFleet(parseExport(replace(madeUpState(count)))),
      statuses: undefined,
      tags,
      plan: parseFleetPlan(replace(madeUpEvents(count))),
      writtenAt: new Date('2026-11-28T20:00:00Z'),
    }),
  );
}

test('a page of a hundred machines has at most 1 MiB', () => {
  const size = Buffer.byteLength(pageOf(100));
  assert.ok(size < 1024 * 1024, `${size} bytes`);
});

test('the page has each machine, its systems, deployments and the pending change', () => {
  const text = pageOf(40);
  for (const part of [
    '<strong>40</strong> machines',
    'wave canary',
    'canary1…canary2'.slice(0, 7),
    'units-failed, rolled back: yes',
    'by ci@runner',
    'openssl 3.5.1 → 3.5.2',
    '<code>DEBUG_INFO_BTF</code>',
    'inputs of the flake: nixpkgs of 2026-11-26 (2 days)',
    'HUGETLBFS=y (not set)',
    'KVM=n (y)',
  ])
    assert.ok(text.includes(part), part);
});

test('names, histories, tags and plans cannot become markup or scripts', () => {
  const hostile = `</script><script>alert('"1')</script><img src=x onerror=alert(1)><!--`;
  const quoted = JSON.stringify(hostile).slice(1, -1);
  const plain = pageOf(20);
  const text = pageOf(20, (each) =>
    each
      .replaceAll('web5', `web5${quoted}`)
      .replaceAll('@runner', `@runner${quoted}`)
      .replaceAll('"eu"', `"eu ${quoted}"`)
      .replaceAll('nginx', `nginx${quoted}`)
      .replaceAll('KVM', `KVM${quoted}`)
      .replaceAll('web server', quoted),
  );
  assert.ok(text.includes('&lt;script&gt;alert(&#39;&quot;1&#39;)'), 'it is there, as text');
  const tags = (page: string) => (page.match(/<(script|\/script|img|!--)/g) ?? []).join(' ');
  assert.equal(tags(text), '<script </script');
  assert.equal(tags(plain), tags(text));
  assert.equal(/<[^>]* on\w+=/.test(text.replace(/<script>[\s\S]*<\/script>/, '')), false);
});

test('the page holds nothing of connections, settings and secrets', () => {
  const secret = { ...encrypted, plaintext: '"hush"' };
  const withSecrets = (text: string) =>
    text
      .replaceAll('"user":"root"', `"user":"hush-user","jump":${JSON.stringify(secret)}`)
      .replaceAll(
        '"system":',
        `"healthChecks":{"a":{"command":"hush-check"}},"machineId":${JSON.stringify(encrypted)},"system":`,
      );
  const text = pageOf(20, withSecrets);
  assert.equal(text, pageOf(20));
  for (const part of [
    'hush',
    encrypted.ciphertext,
    '4dabf18193072939515e22adb298388d',
    'example.org:',
    '.example.org/',
  ])
    assert.equal(text.includes(part), false, part);
});

test('a page without a plan, a rollout, kernels or machines is whole', () => {
  const recorded = recordedFleet(parseExport('{"deployment":{}}'));
  const text = page(
    shownFleet({ recorded, statuses: undefined, tags: {}, plan: undefined, writtenAt: new Date(0) }),
  );
  assert.match(text, /The stack has no machines\./);
  assert.match(text, /The state has no deployments yet\./);
  assert.equal(text.includes('Pending change'), false);
  assert.match(text, /<\/html>\n$/);
});
