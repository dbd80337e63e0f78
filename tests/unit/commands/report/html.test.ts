import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from '../../../../commands/report/html.ts';

test('texts are escaped in elements and attributes, markup is not', () => {
  const text = `<script>alert("x" & 'y')</script>`;
  const escaped = '&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;';
  const inner = html`<b title="${text}">${text}</b>`;
  assert.equal(inner.text, `<b title="${escaped}">${escaped}</b>`);
  assert.equal(html`<p>${inner}</p>`.text, `<p>${inner.text}</p>`);
});

test('lists are joined, undefined is nothing, numbers are written', () => {
  assert.equal(html`<i>${['a', 0, undefined, html`<b>${['<', [1]]}</b>`]}</i>`.text, '<i>a0<b>&lt;1</b></i>');
});

test('texts are printable, and what looks like a secret is hidden', () => {
  assert.equal(html`${'a\x1b[31mb\u202ec'}`.text, 'ab�c');
  assert.equal(html`${'https://me:hush@example.org'}`.text, 'https://me:[secret]@example.org');
});
