// Notices whatever a hostile string achieves in a browser.
import type { BrowserContext, Page } from '@playwright/test';
import type { Guard } from './guard.ts';

/** What the page is made of; anything else is not of its making. */
const OWN = {
  elements:
    'a article aside b blockquote body br button code dd del details dialog div dl dt em footer form h1 h2 h3 h4 h5 h6 head header ' +
    'hr html i input kbd label li link main mark meta nav ol p path pre rect script search section small span strong summary svg table tbody ' +
    'td textarea th thead time title tr ul',
  attributes:
    'aria-activedescendant aria-autocomplete aria-busy aria-controls aria-current aria-describedby aria-expanded aria-haspopup aria-hidden ' +
    'aria-label aria-labelledby aria-level aria-live aria-pressed aria-selected as autocomplete autofocus charset checked class colspan content ' +
    'crossorigin d data-copy data-delivery data-hydrated data-level data-line data-message-type data-status data-theme data-view data-waits ' +
    'dir disabled download height hidden href id lang maxlength name nonce open placeholder preserveaspectratio rel role rows scope spellcheck ' +
    'start style ' +
    'tabindex target title type value viewbox width',
  /** What those may be that nobody else has a say in. */
  values: {
    'aria-level': '^[1-8]$',
    class: '^[a-z0-9 -]*$',
    colspan: '^4$',
    'data-copy': '^(done)?$',
    'data-delivery': '^(saved|pending|failed)$',
    'data-level': '^[1-8]$',
    'data-line': '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
    'data-message-type': '^(user|assistant)$',
    'data-status': '^(streaming|complete|error|cancelled|interrupted)$',
    'data-waits': '^$',
    dir: '^auto$',
    role: '^[a-z]+$',
    scope: '^col$',
  } as Record<string, string>,
  ids: '^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|row-[0-9a-f]{32}|main|message|composer-hint|find-hint|import-title|import-text|confirm-title|confirm-text|keys-title|(agent-picker|model-picker|palette)(-list|-option-\\d+)?)$',
};

/** Looks at everything that is ever in the document, however briefly. Runs in the page, before anything else. */
function look(own: typeof OWN): void {
  const elements = new Set(own.elements.split(' '));
  const attributes = new Set(own.attributes.split(' '));
  const ids = new RegExp(own.ids);
  const values = new Map(Object.entries(own.values).map(([name, value]) => [name, new RegExp(value)]));
  const told = new Set<string>();
  const tell = (what: string, element: Element) => {
    const text = `${what}: ${(element.cloneNode(false) as Element).outerHTML.slice(0, 200)}`;
    if (told.has(text)) return;
    told.add(text);
    (window as unknown as { __foreign: (text: string) => void }).__foreign(text);
  };
  const checkAttribute = (element: Element, name: string, value: string) => {
    const isInHead = element.parentElement?.localName === 'head';
    if (!attributes.has(name.toLowerCase())) tell(`attribute ${name}`, element);
    if (values.get(name)?.test(value) === false) tell(`value of ${name}`, element);
    if (name === 'id' && !ids.test(value)) tell('id', element);
    if (name === 'name' && element.localName !== 'meta') tell('name', element);
    // The only style that is set is the height of a field that grows, and of what stands for messages out of sight.
    const mayHaveHeight = element.matches('textarea#message, .edit textarea, .omitted');
    if (name === 'style' && !(mayHaveHeight && /^height: [\d.]+px;$/.test(value))) tell('style', element);
    if (name === 'href') {
      const url = URL.parse(value, document.baseURI);
      const isOwn = url?.origin === location.origin;
      const isAllowed = element.localName === 'a' && url && ['http:', 'https:', 'mailto:'].includes(url.protocol);
      if (!(isOwn ? /^\/(llm|history$|usage$|pkg|api\/chat\/sessions|favicon\.svg$)/.test(url.pathname) : isAllowed && !isInHead)) tell('address', element);
      // Where somebody else's page opens, it learns nothing of this one.
      if (!isOwn && element.getAttribute('rel') !== 'noopener noreferrer nofollow') tell('rel', element);
    }
  };
  const check = (element: Element) => {
    const { localName } = element;
    if (!elements.has(localName)) tell('element', element);
    const isSvg = ['svg', 'path', 'rect'].includes(localName);
    if (element.namespaceURI !== (isSvg ? 'http://www.w3.org/2000/svg' : 'http://www.w3.org/1999/xhtml')) tell('namespace', element);
    if (['link', 'meta', 'title'].includes(localName) && element.parentElement && element.parentElement.localName !== 'head') {
      tell('out of place', element);
    }
    // A part of code, a spinner, what stands for words that are on their way, a dot of who is typing.
    if (localName === 'i' && !/^(c-[a-z]+|spinner|right|short|)$/.test(element.className)) tell('class', element);
    if (localName === 'script' && !(element as HTMLScriptElement).nonce) tell('script', element);
    if (element.shadowRoot) tell('shadow', element);
    for (const { name, value } of element.attributes) checkAttribute(element, name, value);
  };
  const checkAll = (root: Element) => {
    check(root);
    for (const element of root.querySelectorAll('*')) check(element);
  };
  new MutationObserver(records => {
    for (const { type, target, attributeName, addedNodes } of records) {
      if (type === 'attributes') {
        const value = (target as Element).getAttribute(attributeName!);
        if (value !== null) checkAttribute(target as Element, attributeName!, value);
      }
      for (const node of addedNodes) if (node instanceof Element) checkAll(node);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true });
  if (document.documentElement) checkAll(document.documentElement);
}

export class Detector {
  private readonly found: string[] = [];

  /** The guard, which watches the same context, tells of violated policies and of requests to other hosts. */
  constructor(
    private readonly guard: Guard,
    private readonly url: string,
  ) {}

  async watch(context: BrowserContext): Promise<void> {
    await context.exposeBinding('__xss', (_, number: unknown) => this.note(`string ${String(number)} ran`));
    await context.exposeBinding('__foreign', (_, text: string) => this.note(text));
    await context.addInitScript(look, OWN);
    context.on('dialog', dialog => {
      this.note(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const watchPage = (page: Page) => {
      page.on('popup', popup => this.note(`window: ${popup.url()}`));
      page.on('download', download => this.note(`download: ${download.url()}`));
      page.on('frameattached', frame => this.note(`frame: ${frame.url()}`));
      page.on('framenavigated', frame => {
        const url = frame.url();
        if (url !== 'about:blank' && new URL(url).origin !== this.url) this.note(`gone to ${url}`);
      });
    };
    context.on('page', watchPage);
    context.pages().forEach(watchPage);
  }

  private note(what: string): void {
    this.found.push(what);
  }

  /** Everything noticed so far, the latest included. */
  async findings(page: Page): Promise<string[]> {
    // What a page calls it tells in order: once this has come back, so has everything before it.
    await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve))));
    return [...this.found, ...this.guard.complaints()];
  }
}
