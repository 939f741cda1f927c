// Server-sent events, as the contract frames them.

export interface Event {
  id: string;
  data: Record<string, any>;
}

/** The events of a response's body, as they come. */
export async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Event> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  for await (const piece of body) {
    // A line may end in CR LF, of which the second half may still be on its way.
    text = (text + decoder.decode(piece, { stream: true })).replaceAll('\r\n', '\n');
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = decoded(text.slice(0, end));
      text = text.slice(end + 2);
      if (event) yield event;
    }
  }
  if (text !== '') throw new Error(`the stream ends amid an event: ${JSON.stringify(text)}`);
}

/** A block of lines; one without data, such as a comment or a wish when to come again, is no event. */
function decoded(block: string): Event | undefined {
  const lines = block.split('\n');
  const field = (name: string) => lines.filter(line => line.startsWith(`${name}:`)).map(line => line.slice(name.length + 1).replace(/^ /, ''));
  const data = field('data').join('\n');
  return data === '' ? undefined : { id: field('id').join(''), data: JSON.parse(data) as Record<string, any> };
}
