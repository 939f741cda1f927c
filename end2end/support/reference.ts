// What the page must show for an answer, told from the reference rendering of its Markdown.

export interface Example {
  markdown: string;
  /** As the specification renders it. */
  html: string;
}

export interface Comparison {
  expected: string;
  shown: string;
  /** The known differences that were allowed for. */
  rules: string[];
}

/**
 * Parley's rendering differs from the reference in what RULES name, and in nothing else: each is carried out on the
 * reference, so that what comes out is exactly what the page must show. Both are told as one line a node, for people to
 * read where they differ. Runs in a page, for its HTML parser.
 */
export function compare({ markdown, html, shown }: Example & { shown: string }): Comparison {
  const rules = new Set<string>();

  const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

  // --- Raw HTML is shown as text -------------------------------------------------------------------------------------
  // The reference lets it through, so it is found there before the text is parsed: a line outside of every block that
  // the reference makes is an HTML block's, and a tag that the Markdown has, letter by letter, is no tag of the reference.

  const INLINE = /<!---?>|<!--[^]*?-->|<\?[^]*?\?>|<!\[CDATA\[[^]*?\]\]>|<![A-Za-z][^>]*>|<\/?[A-Za-z](?:"[^"]*"|'[^']*'|[^'">])*>/g;

  function withInlineHtmlAsText(text: string): string {
    return text.replace(INLINE, tag => {
      if (!markdown.includes(tag)) return tag;
      rules.add('raw HTML is text');
      return `<x-raw>${escape(tag)}</x-raw>`;
    });
  }

  function withHtmlAsText(reference: string): string {
    const CONTAINER = /^(?:<(?:blockquote|ul|ol|ol start="\d+"|li)>|<\/(?:blockquote|ul|ol|li)>|<li><\/li>|<hr \/>)$/;
    const LEAF = /^<(p|h[1-6]|li|pre(?=><code))>/;
    const done: string[] = [];
    let leaf: { name: string; lines: string[] } | undefined;
    let raw: string[] = [];
    const endLeaf = () => {
      if (!leaf) return;
      const text = leaf.lines.join('\n');
      done.push(leaf.name === 'pre' ? text : withInlineHtmlAsText(text));
      leaf = undefined;
    };
    const endRaw = () => {
      if (raw.length === 0) return;
      rules.add('raw HTML is text');
      done.push(`<p class="raw">${escape(raw.join('\n'))}</p>`);
      raw = [];
    };
    for (const line of reference.split('\n').slice(0, -1)) {
      const isContainer = CONTAINER.test(line);
      // The text of a tight list's item ends where a block begins.
      if (leaf?.name === 'li' && isContainer) endLeaf();
      // It may also stand after one, and ends with the item.
      if (!leaf && (isContainer || LEAF.test(line) || line.endsWith('</li>'))) {
        endRaw();
        if (isContainer) done.push(line);
        else leaf = { name: LEAF.exec(line)?.[1] ?? 'li', lines: [] };
      }
      if (leaf) {
        leaf.lines.push(line);
        if (line.endsWith(`</${leaf.name}>`)) endLeaf();
      } else if (!isContainer) {
        raw.push(line);
      }
    }
    endLeaf();
    endRaw();
    return done.join('\n');
  }

  // --- The other rules, on the tree ----------------------------------------------------------------------------------

  const isAllowed = (address: string) => /^(?:https?:\/\/|mailto:)./i.test(address);

  function link(address: string, title: string | null, kind: string | null): HTMLAnchorElement {
    const link = document.createElement('a');
    link.setAttribute('href', address);
    link.setAttribute('target', '_blank');
    link.setAttribute('rel', 'noopener noreferrer nofollow');
    if (title) link.setAttribute('title', title);
    if (kind) link.className = kind;
    rules.add('links open apart');
    return link;
  }

  function headings(root: HTMLElement): void {
    for (const heading of root.querySelectorAll('h1, h2, h3, h4, h5')) {
      rules.add('headings are one level down');
      const lower = document.createElement(`h${Number(heading.tagName[1]) + 1}`);
      lower.append(...heading.childNodes);
      heading.replaceWith(lower);
    }
  }

  function codeBlocks(root: HTMLElement): void {
    for (const pre of root.querySelectorAll('pre')) {
      rules.add('code stands in a frame');
      const code = pre.querySelector('code')!;
      // What follows the language after a comma or a brace is for highlighters; the label has room for a short word.
      const label = code.className.replace(/^language-/, '').replace(/[,{].*$/, '');
      code.removeAttribute('class');
      pre.tabIndex = 0;
      const frame = document.createElement('div');
      frame.className = 'code';
      frame.innerHTML = '<header><span></span><button type="button" class="quiet" data-copy aria-label="Copy code"><svg></svg><svg></svg></button></header>';
      frame.querySelector('span')!.textContent = [...label].slice(0, 24).join('');
      pre.replaceWith(frame);
      frame.append(pre);
    }
  }

  function links(root: HTMLElement): void {
    for (const anchor of root.querySelectorAll('a')) {
      const address = anchor.getAttribute('href')!;
      if (isAllowed(address)) {
        const apart = link(address, anchor.getAttribute('title'), null);
        apart.append(...anchor.childNodes);
        anchor.replaceWith(apart);
      } else {
        rules.add('links to other than http, https and mailto are text');
        anchor.replaceWith(...anchor.childNodes);
      }
    }
  }

  function images(root: HTMLElement): void {
    for (const image of root.querySelectorAll('img')) {
      const address = image.getAttribute('src')!;
      const text = document.createElement('x-raw');
      text.textContent = image.alt || address;
      if (isAllowed(address) && !image.closest('a')) {
        rules.add('images are links');
        const instead = link(address, null, 'image');
        instead.append(text);
        image.replaceWith(instead);
      } else {
        rules.add('images that may not be linked are text');
        image.replaceWith(text);
      }
    }
  }

  function bareAddresses(root: HTMLElement): void {
    root.normalize();
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, node =>
      node.parentElement!.closest('a, code, x-raw, .raw') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
    );
    const found: Text[] = [];
    while (texts.nextNode()) found.push(texts.currentNode as Text);
    for (const text of found) {
      const pieces = text.data.split(/(?<![\p{L}\p{N}])(https?:\/\/[^\s<>"`]*[^\s<>"`.,;:!?'*_~|)\]])/u);
      if (pieces.length === 1) continue;
      rules.add('bare addresses are links');
      const nodes = pieces.map((piece, at) => {
        if (at % 2 === 0) return document.createTextNode(piece);
        const found = link(piece, null, null);
        found.textContent = piece;
        return found;
      });
      text.replaceWith(...nodes);
    }
  }

  // --- What does not count -------------------------------------------------------------------------------------------

  /** Between blocks, white space is the writer's taste; within them, each space counts. */
  function settle(root: HTMLElement): void {
    for (const raw of root.querySelectorAll('x-raw')) raw.replaceWith(...raw.childNodes);
    for (const icon of root.querySelectorAll('svg')) icon.replaceWith(document.createElement('svg'));
    root.normalize();
    const BLOCK = 'blockquote, ul, ol, li, p, pre, hr, div, h2, h3, h4, h5, h6';
    const isEdge = (node: Node | null) => node === null || (node instanceof Element && node.matches(BLOCK));
    for (const parent of [root, ...root.querySelectorAll('blockquote, ul, ol, li')]) {
      for (const child of [...parent.childNodes]) {
        if (!(child instanceof Text)) continue;
        if (isEdge(child.previousSibling)) child.data = child.data.trimStart();
        if (isEdge(child.nextSibling)) child.data = child.data.trimEnd();
        if (child.data === '') child.remove();
      }
    }
    for (const end of root.querySelectorAll('br')) {
      if (end.nextSibling instanceof Text) end.nextSibling.data = end.nextSibling.data.replace(/^\n/, '');
    }
    for (const raw of root.querySelectorAll('p.raw')) {
      raw.textContent = raw.textContent!.replace(/\n$/, '');
      const before = raw.previousElementSibling;
      // The reference does not tell where one HTML block ends and the next begins.
      if (before?.matches('p.raw') && raw.previousSibling === before) {
        raw.textContent = `${before.textContent}\n${raw.textContent}`;
        before.remove();
      }
    }
    root.normalize();
  }

  /** The reference encodes what an address must not hold; Parley leaves that to the browser. */
  const encoded = (address: string) => encodeURI(address).replace(/%25(?=[0-9A-Fa-f]{2})/g, '%');

  function tell(node: Node, depth: number): string {
    const indent = '  '.repeat(depth);
    if (node instanceof Text) return `${indent}${JSON.stringify(node.data)}\n`;
    if (!(node instanceof Element)) return `${indent}${node.nodeName}\n`;
    const attributes = [...node.attributes]
      .map(({ name, value }) => ` ${name}=${JSON.stringify(name === 'href' ? encoded(value) : value)}`)
      .sort();
    const children = [...node.childNodes].map(child => tell(child, depth + 1));
    return `${indent}<${node.localName}${attributes.join('')}>\n${children.join('')}`;
  }

  function told(html: string, change: (root: HTMLElement) => void): string {
    const { body } = new DOMParser().parseFromString(`<!DOCTYPE html><body>${html}`, 'text/html');
    change(body);
    settle(body);
    return [...body.childNodes].map(child => tell(child, 0)).join('');
  }

  const expected = told(withHtmlAsText(html), root => {
    headings(root);
    codeBlocks(root);
    links(root);
    images(root);
    bareAddresses(root);
  });
  return { expected, shown: told(shown, () => undefined), rules: [...rules] };
}
