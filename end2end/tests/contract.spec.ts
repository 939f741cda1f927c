// The document of the Gateway contract: it is what it claims to be, it says what the prose says, and Parley keeps to it.
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { document, fits, operations } from '../conformance/document.ts';
import { test, expect } from '../fixtures.ts';

const prose = readFileSync(new URL('../../docs/GATEWAY.md', import.meta.url), 'utf8');

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  expect(await validator.validate(document)).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  const broken = structuredClone(document);
  delete broken.paths['/health'].get.responses['200'].description;
  expect((await validator.validate(broken)).valid, 'the validator sees what is wrong').toBe(false);
});

test('the prose names every route, field and value of the document', () => {
  const missing: string[] = [];
  const look = (text: string) => {
    if (!prose.includes(text)) missing.push(text);
  };
  for (const { method, path } of operations()) look(`\`${method} ${path}\``);
  for (const schema of Object.values(document.components.schemas as Record<string, Schema>)) names(schema).forEach(look);
  expect(missing).toEqual([]);
  expect(prose).toContain('](gateway.openapi.json)');
});

test('what Parley asks of a Gateway is what the document says', async ({ chat, page, startGateway, startParley }) => {
  const gateway = await startGateway({
    answer: () => [{ type: 'status_update', status: 'awaiting_approval', task_id: 't1' }, { hold: decided }, { type: 'done' }],
  });
  const decided = gateway.nextApproval();
  const parley = await startParley(gateway.environment);
  await chat.open(`${parley.url}/llm`);
  await chat.say('Build it');
  const approval = page.getByRole('region', { name: 'Approval' });
  await approval.getByRole('button', { name: 'Refine' }).click();
  await approval.getByRole('textbox', { name: 'What to change' }).fill('keep it small');
  await approval.getByRole('button', { name: 'Send changes' }).click();
  await chat.ends('complete');
  await chat.sayAndWait('And now?');

  expect(gateway.requests).toHaveLength(2);
  for (const request of gateway.requests) fits('ChatRequest', request);
  expect(gateway.requests[1]!.messages.length, 'with what was said before').toBeGreaterThan(1);
  fits('Approval', await decided);
});

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  enum?: (string | null)[];
  const?: string;
}

/** The names of a schema's fields and the values that they may have. */
function names({ properties = {}, items, enum: values = [], const: value }: Schema): string[] {
  const own = [...Object.keys(properties), ...values.filter(value => value !== null), ...(value ? [value] : [])];
  return [...own, ...[...Object.values(properties), ...(items ? [items] : [])].flatMap(names)];
}
