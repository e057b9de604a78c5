(open) => {
  const problems = [];
  const say = (text) => { if (problems.length < 40) problems.push(text); };
  const short = (e) => e.outerHTML.replace(/\s+/g, ' ').slice(0, 90);
  document.querySelectorAll('details').forEach((d) => {
    if (d.dataset.was === undefined) d.dataset.was = d.open ? 'open' : '';
    d.open = open || d.dataset.was === 'open';
  });

  // Width: nothing but what scrolls for itself may be wider than the window.
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    say(`the page is ${root.scrollWidth} wide, the window ${root.clientWidth}`);
    for (const e of document.querySelectorAll('body *')) {
      if (e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest('.scroll, pre, svg')) say('too wide: ' + short(e));
    }
  }
  for (const e of document.querySelectorAll('body *')) {
    const style = getComputedStyle(e);
    const scrolls = ['auto', 'scroll'].includes(style.overflowX) && e.scrollWidth > e.clientWidth + 1;
    if (scrolls && (e.tabIndex < 0 || e.getAttribute('role') !== 'region' || !e.getAttribute('aria-label'))) say('scrolls, but not by keys: ' + short(e));
    if (style.overflowX === 'hidden' && e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1) say('is cut off: ' + short(e));
  }

  // Landmarks, headings, names.
  for (const [what, n] of [['main', 1], ['body > header', 1], ['nav', 1], ['body > footer', 1], ['h1', 1], ['title', 1]]) {
    const there = document.querySelectorAll(what === 'title' ? 'head > title' : what).length;
    if (there !== n) say(`${there} ${what}`);
  }
  if (!root.lang) say('no language');
  let level = 0;
  for (const h of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    const own = Number(h.tagName[1]);
    if (own > level + 1) say(`a heading of level ${own} behind one of level ${level}: ` + short(h));
    if (!h.textContent.trim()) say('an empty heading');
    level = own;
  }
  for (const e of document.querySelectorAll('nav, main > section, [role=region]')) {
    const by = e.getAttribute('aria-labelledby');
    if (!e.getAttribute('aria-label') && !(by && document.getElementById(by)?.textContent.trim())) say('has no name: ' + short(e));
  }
  for (const e of document.querySelectorAll('svg')) {
    if (e.getAttribute('aria-hidden') !== 'true' && !e.closest('[aria-hidden=true]') && !e.querySelector('title')) say('a drawing without a name: ' + short(e));
  }
  for (const e of document.querySelectorAll('th')) {
    if (!e.scope) say('a head of a table that says not of what: ' + short(e));
  }
  const ids = new Set();
  for (const e of document.querySelectorAll('[id]')) {
    if (ids.has(e.id)) say('an id that is twice: ' + e.id);
    ids.add(e.id);
  }
  for (const a of document.querySelectorAll('a')) {
    const href = a.getAttribute('href') || '';
    if (!href.startsWith('#') || !ids.has(href.slice(1))) say('a link to nowhere: ' + short(a));
    if (!a.textContent.trim()) say('a link without a name: ' + short(a));
  }
  for (const e of document.querySelectorAll('script, img, link, iframe, object, embed, [style], [onclick], [onerror]')) say('should not be there: ' + short(e));

  // Contrast: each text against what lies below it.
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return { r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1 }; };
  const over = (top, below) => ({ r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a), b: top.b * top.a + below.b * (1 - top.a), a: 1 });
  const light = (c) => {
    const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * f(c.r) + 0.7152 * f(c.g) + 0.0722 * f(c.b);
  };
  const below = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    const ground = matchMedia('(prefers-color-scheme: dark)').matches ? { r: 18, g: 18, b: 18, a: 1 } : { r: 255, g: 255, b: 255, a: 1 };
    return layers.reverse().reduce((under, layer) => over(layer, under), ground);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const told = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.textContent.trim() || e.closest('title, desc, style') || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), ground = below(e);
    const ink = over(parse(e.namespaceURI.endsWith('svg') ? style.fill : style.color), ground);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const kind = e.tagName + '.' + e.getAttribute('class') + style.color;
    if (ratio < (large ? 3 : 4.5) && !told.has(kind)) {
      told.add(kind);
      say(`contrast ${ratio.toFixed(2)} of ${style.color}: ` + short(e));
    }
    if (size < 12) say(`letters of ${size}px: ` + short(e));
  }
  return problems;
}
