// The contract's document (docs/gateway.openapi.json), and whether what is sent and received is as it says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

type Json = Record<string, any>;

const file = new URL('../../docs/gateway.openapi.json', import.meta.url);
export const document = JSON.parse(readFileSync(file, 'utf8')) as Json;

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
// In UTC, to the microsecond at most.
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/);
// OpenAPI's own words: `event` below does what this one says.
ajv.addKeyword('discriminator');
for (const [name, schema] of Object.entries(document.components.schemas)) {
  ajv.addSchema(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"')) as Json, name);
}

/** The name in `#/components/…/name`. */
const named = (reference: string) => reference.slice(reference.lastIndexOf('/') + 1);

/** Every operation: its method in capitals, its path with `{…}` where something stands in. */
export function operations(): { method: string; path: string }[] {
  const methods = ['get', 'post', 'put', 'patch', 'delete'];
  return Object.entries(document.paths as Json).flatMap(([path, item]) =>
    methods.filter(method => method in item).map(method => ({ method: method.toUpperCase(), path })),
  );
}

/** A value fits the schema of that name; `what` it is stands before what is wrong with it. */
export function fits(name: string, value: unknown, what = name): void {
  const validate = ajv.getSchema(name);
  assert.ok(validate, `the document has no schema ${name}`);
  const wrong = validate(value) ? [] : validate.errors!.map(error => `${error.instancePath || 'it'} ${error.message}`);
  assert.ok(wrong.length === 0, `${what}: ${wrong.join(', ')} in ${JSON.stringify(value)}`);
}

/** A request's body is as the document says; the document must know the route. */
export function sends(method: string, path: string, body: unknown): void {
  const schema = operation(method, path).requestBody?.content['application/json'].schema;
  if (schema) fits(named(schema.$ref), body, `${method} ${path}`);
  else assert.equal(body, undefined, `${method} ${path} takes no body`);
}

/** A response is one that the document names for that route, and its body as it says. */
export function answers(method: string, path: string, status: number, type: string, body: unknown): void {
  const what = `${status} to ${method} ${path}`;
  const { responses } = operation(method, path);
  const response = responses[status] ?? responses[`${String(status)[0]}XX`];
  assert.ok(response, `${what} is not of the contract`);
  const content = (response.$ref ? document.components.responses[named(response.$ref)] : response).content;
  assert.match(type, /^application\/json\b/i, `${what}: its content type`);
  fits(named(content['application/json'].schema.$ref), body, what);
}

/** The data of an event of the stream is as the document says of its type. */
export function event(data: Json): void {
  const { mapping } = document.components.schemas.TurnEvent.discriminator;
  assert.ok(data.type in mapping, `the type of ${JSON.stringify(data)} is known`);
  fits(named(mapping[data.type]), data);
  fits('TurnEvent', data);
}

/** Whether the document has that route. */
export function has(method: string, path: string): boolean {
  return found(method, path) !== undefined;
}

function operation(method: string, path: string): Json {
  const operation = found(method, path);
  assert.ok(operation, `the document has no ${method} ${path}`);
  return operation;
}

function found(method: string, path: string): Json | undefined {
  const known = Object.keys(document.paths).find(template => {
    return new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path);
  });
  return known && document.paths[known][method.toLowerCase()];
}
