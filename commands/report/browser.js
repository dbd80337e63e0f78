// Search, filters and the theme. Everything is readable without.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const search = document.getElementById('search');
  const found = document.getElementById('found');
  root.classList.add('js');

  // The theme. A browser may refuse to keep it for a file.
  const themes = ['system', 'light', 'dark'];
  const button = document.getElementById('theme');
  const keep = (theme) => {
    try {
      localStorage.setItem('nixos-fleet-theme', theme);
    } catch {}
  };
  const kept = () => {
    try {
      return localStorage.getItem('nixos-fleet-theme');
    } catch {
      return null;
    }
  };
  const show = (theme) => {
    if (theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  let theme = themes.includes(kept()) ? kept() : 'system';
  show(theme);
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    show(theme);
    keep(theme);
  });

  // Filters.
  const pressed = new Set();
  const filters = all('[data-filter]').map((item) => {
    const filter = document.createElement('button');
    filter.type = 'button';
    filter.className = 'filter';
    const [text] = item.children;
    filter.append(...text.childNodes);
    text.replaceWith(filter);
    filter.addEventListener('click', () => {
      const word = item.dataset.filter;
      if (word === '') pressed.clear();
      else if (!pressed.delete(word)) pressed.add(word);
      apply();
    });
    return { filter, word: item.dataset.filter };
  });

  // What is searched, each with its text.
  const textOf = (element) => element.textContent.toLowerCase();
  const tiles = all('.tile').map((element) => ({
    element,
    text: textOf(element),
    is: new Set(element.dataset.is.split(' ')),
  }));
  const others = all('.searched').map((element) => ({ element, text: textOf(element) }));
  const configs = all('.config').map((element) => {
    const lines = element.querySelector('pre');
    return { element, lines, text: lines.textContent };
  });

  function apply() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (text) => words.every((word) => text.includes(word));
    let shown = 0;
    for (const { element, text, is } of tiles) {
      element.hidden = !(fits(text) && [...pressed].every((word) => is.has(word)));
      if (!element.hidden) shown += 1;
    }
    for (const group of all('.group')) group.hidden = !group.querySelector('.tile:not([hidden])');
    for (const nothing of all('.nothing')) nothing.hidden = tiles.length === 0 || shown > 0;
    let rows = 0;
    for (const { element, text } of others) {
      element.hidden = !fits(text);
      if (!element.hidden) rows += 1;
    }
    let symbols = 0;
    for (const config of configs) {
      const lines = config.text.split('\n').filter((line) => fits(line.toLowerCase()));
      config.lines.textContent = lines.join('\n');
      config.element.open = words.length > 0 && lines.length > 0;
      symbols += lines.length;
    }
    for (const { filter, word } of filters) {
      filter.setAttribute('aria-pressed', String(word === '' ? pressed.size === 0 : pressed.has(word)));
    }
    const isAll = words.length === 0 && pressed.size === 0;
    const beside = words.length > 0 ? `, ${rows} changes and deployments, ${symbols} symbols` : '';
    found.textContent = isAll ? '' : `${shown} of ${tiles.length} machines${beside}`;
  }
  search.addEventListener('input', apply);
  apply();

  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof Element && event.target.matches('input, textarea');
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === 'Escape' && event.target === search) {
      search.value = '';
      apply();
    }
  });

  // All machines, opened or closed, such as for print.
  const open = document.getElementById('open');
  open.addEventListener('click', () => {
    const isOpen = tiles.some(({ element }) => !element.open);
    for (const { element } of tiles) element.open = isOpen;
    open.textContent = isOpen ? 'Close all' : 'Open all';
  });
})();
