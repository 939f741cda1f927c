// Answers of rich Markdown, the same every time: what a model writes that is asked for a long plan.

/** An answer and what a page has to make of it. */
export interface Text {
  markdown: string;
  /** What stands at its very end, in plain words. */
  lastWords: string;
  tables: number;
  codeBlocks: number;
}

const WORDS =
  `the server keeps each event of a turn in its log so that readers who lost their connection take up where they left off
  while slow ones never hold back fast ones and nothing is asked of a model twice because what was written once is read
  again from there until somebody removes it together with its conversation and every answer that belongs to it`.split(/\s+/);

const CODE: [language: string, lines: string[]][] = [
  ['rust', ['/// Appends an event.', 'pub fn append(&mut self, event: &Event) -> Result<u64, Error> {', '    let seq = self.last_seq + 1;', '    self.events.push((seq, event.clone()));', '    if self.events.len() > MAX_EVENTS {', '        return Err(Error::Full { seq, limit: "1_000" });', '    }', '    Ok(seq)', '}']],
  ['python', ['def read_after(log: list[Event], cursor: int) -> Iterator[Event]:', '    """Everything after the cursor, in order."""', '    for seq, event in enumerate(log, start=1):', '        if seq > cursor and event.kind != "comment":', '            yield event  # never twice', '    return None']],
  ['sql', ['SELECT s.session_id, count(*) AS messages, max(m.timestamp) AS latest', 'FROM sessions AS s JOIN messages AS m USING (session_id)', "WHERE s.user_id = $1 AND m.status <> 'streaming'", 'GROUP BY s.session_id ORDER BY latest DESC LIMIT 50;']],
  ['typescript', ['export async function* events(url: string): AsyncGenerator<Event> {', '  const response = await fetch(url, { headers: { accept: `text/event-stream` } });', '  for await (const piece of response.body!) {', '    if (piece.length === 0) continue; // a keep-alive', '    yield decode(piece as Uint8Array);', '  }', '}']],
  ['json', ['{', '  "type": "usage",', '  "usage": { "prompt_tokens": 123, "completion_tokens": 456 },', '  "cost_usd": 0.015,', '  "estimated": false', '}']],
  ['bash', ['set -euo pipefail', 'for port in 3000 3001; do', '  curl --silent --fail "http://127.0.0.1:$port/healthz" || echo "nobody at $port" >&2', 'done']],
];

/** Numbers that look drawn by lot and are the same in every run (Numerical Recipes' generator). */
class Lots {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  below(limit: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }
}

class Author {
  private readonly lots: Lots;
  private readonly blocks: string[] = [];
  private length = 0;
  private tables = 0;
  private codeBlocks = 0;

  constructor(seed: number) {
    this.lots = new Lots(seed);
  }

  write(length: number, lastWords: string): Text {
    for (let section = 1; this.length < length; section += 1) this.section(section);
    this.add(lastWords);
    const markdown = this.blocks.join('\n\n');
    return { markdown, lastWords, tables: this.tables, codeBlocks: this.codeBlocks };
  }

  private section(number: number): void {
    this.add(`${'#'.repeat(1 + (number % 4))} ${number}. ${this.words(5)}`);
    this.add(this.paragraph());
    // Each eighth section has a long block of every kind, for those cost most while they grow.
    const rows = number % 8 === 0 ? 40 : 5;
    switch (number % 5) {
      case 0:
        return this.table(rows);
      case 1:
        return this.list(rows);
      case 2:
        return this.code(rows);
      case 3:
        this.add(`> **Note:** ${this.paragraph()}\n>\n> - ${this.rich()}\n> - ${this.rich()}`);
        return this.code(rows);
      default:
        this.add(Array.from({ length: 4 }, (_, at) => `- [${at % 2 ? ' ' : 'x'}] ${this.rich()}`).join('\n'));
        return this.add(`${this.paragraph()}\n\n---`);
    }
  }

  private list(items: number): void {
    const lines = Array.from({ length: items }, (_, at) => {
      const nested = `   - ${this.rich()}\n     1. ${this.rich()}\n     2. ${this.words(4)}`;
      return `${at + 1}. ${this.rich()}${at % 3 === 1 ? `\n${nested}` : ''}`;
    });
    this.add(lines.join('\n'));
  }

  private table(rows: number): void {
    this.tables += 1;
    const lines = Array.from(
      { length: rows },
      (_, at) => `| ${this.words(2)} | \`${this.words(1)}_${at}\` | ${this.lots.below(100_000)} | ${this.words(4)} |`,
    );
    this.add(['| Part | Name | Count | Remark |', '| --- | :-- | --: | --- |', ...lines].join('\n'));
  }

  private code(rows: number): void {
    this.codeBlocks += 1;
    const [language, lines] = CODE[this.codeBlocks % CODE.length]!;
    const long = Array.from({ length: Math.max(rows, lines.length) }, (_, at) => lines[at % lines.length]!);
    this.add(`\`\`\`${language}\n${long.join('\n')}\n\`\`\``);
  }

  private paragraph(): string {
    return Array.from({ length: 4 }, () => this.rich()).join(' ');
  }

  /** A sentence with what Markdown has for the middle of a line. */
  private rich(): string {
    const marked = [
      `**${this.words(2)}**`,
      `*${this.words(3)}*`,
      `\`${this.words(1)}::${this.words(1)}()\``,
      `[${this.words(2)}](https://example.org/${this.words(1)}/${this.lots.below(1_000)})`,
      `~~${this.words(1)}~~`,
    ][this.lots.below(5)]!;
    const sentence = `${this.words(4)} ${marked} ${this.words(5)}`;
    return `${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`;
  }

  private words(count: number): string {
    return Array.from({ length: count }, () => WORDS[this.lots.below(WORDS.length)]).join(' ');
  }

  private add(block: string): void {
    this.blocks.push(block);
    this.length += block.length + 2;
  }
}

/** At least `length` characters of Markdown. */
export function write(length: number, lastWords: string, seed = 1): Text {
  return new Author(seed).write(length, lastWords);
}

/** The text in exactly so many pieces of nearly the same length, as models send them: not at the ends of words. */
export function tokens(text: string, count: number): string[] {
  const lots = new Lots(count);
  const cuts = Array.from({ length: count - 1 }, (_, at) => Math.floor(((at + 1) * text.length) / count) - lots.below(3));
  return [0, ...cuts].map((from, at) => text.slice(from, cuts[at] ?? text.length));
}
