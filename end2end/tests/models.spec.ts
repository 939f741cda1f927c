// Two servers of one kind, told apart by name; the picker shows which of their models answered last, and why one did not.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from '../fixtures.ts';

/** Says who it is, or refuses. */
class Lab {
  refuses = false;

  private constructor(readonly name: string, private readonly server: Server) {
    server.on('request', (request, response) => {
      request.resume();
      if (request.url === '/v1/models') {
        response.end(JSON.stringify({ data: [{ id: 'big', max_model_len: 32_768 }] }));
      } else if (this.refuses) {
        response.writeHead(403).end(JSON.stringify({ error: { message: 'The lab is closed on Sundays.' } }));
      } else {
        const say = (delta: object, finish_reason: string | null) => `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(say({ content: `This is ${name}.` }, null) + say({}, 'stop') + 'data: [DONE]\n\n');
      }
    });
  }

  static async start(name: string): Promise<Lab> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Lab(name, server);
  }

  /** What names it in models.toml. */
  get entry(): string {
    const { port } = this.server.address() as AddressInfo;
    const id = this.name.toLowerCase();
    return `[[providers]]\nprovider_id = "${id}"\nprovider_name = "${this.name} lab"\ndialect = "openai"\nbase_url = "http://127.0.0.1:${port}"\n`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const test = base.extend<{ labs: Lab[]; models: string }>({
  labs: async ({}, use) => {
    const labs = [await Lab.start('East'), await Lab.start('West')];
    await use(labs);
    for (const lab of labs) lab.stop();
  },
  models: async ({ labs }, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'models-'));
    const file = join(folder, 'models.toml');
    writeFileSync(file, labs.map(lab => lab.entry).join('\n'));
    await use(file);
    rmSync(folder, { recursive: true });
  },
});

test('two servers of one kind stand side by side, and a model that fails says so until it answers', async ({ chat, page, labs, models, startParley }) => {
  const parley = await startParley({ PARLEY_MODELS: models });
  const picker = page.getByRole('button', { name: /^Model:/ });
  const row = (lab: string) => page.getByRole('group', { name: lab }).getByRole('option', { name: 'big' });
  await chat.open(`${parley.url}/llm`);
  await picker.click();
  await expect(row('East lab')).toContainText('32k context');
  await expect(row('East lab')).toContainText('Not asked lately');
  await row('West lab').click();
  await chat.sayAndWait('Who is there?');
  await expect(chat.lastText).toHaveText('This is West.');
  await picker.click();
  await row('East lab').click();
  labs[0].refuses = true;
  await chat.say('And there?');
  await chat.ends('error');
  await expect(chat.lastAnswer).toContainText('East lab answered 403 Forbidden: The lab is closed on Sundays.');
  await expect(picker).toHaveAccessibleName(/Failed at \d\d:\d\d: East lab answered 403/);
  await picker.click();
  await expect(row('East lab').locator('small')).toContainText('The lab is closed on Sundays.');
  await expect(row('West lab')).toContainText('Answered at');
  await page.keyboard.press('Escape');
  labs[0].refuses = false;
  await chat.lastAnswer.getByRole('button', { name: 'Retry' }).click();
  await expect(chat.lastText).toHaveText('This is East.');
  await expect(picker).toHaveAccessibleName('Model: big');
  await picker.click();
  await expect(row('East lab')).toContainText(/Answered at \d\d:\d\d/);
  await chat.reload();
  await expect(picker).toHaveAccessibleName('Model: big');
});

test('a model that has gone is not that of the next conversation', async ({ chat, page, startGateway, startParley }) => {
  const gateway = await startGateway();
  const parley = await startParley(gateway.environment);
  const picker = page.getByRole('button', { name: /^Model:/ });
  await chat.open(`${parley.url}/llm`);
  await chat.chooseModel('Script Small');
  await chat.sayAndWait('Who is there?');
  gateway.models = gateway.models.filter(model => model.model_name !== 'Script Small');
  await parley.stop();
  await parley.launch();
  await chat.reload();
  await expect(chat.questions).toHaveCount(1);
  await page.keyboard.press('Control+Shift+O');
  await expect(picker).toHaveAccessibleName('Model: Script Large');
  await chat.sayAndWait('And now?');
});
