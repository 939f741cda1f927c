// A long conversation: open at its end, loaded upwards without a jump, and never all of it in the document.
import { test, expect } from '../fixtures.ts';
import { answerOf } from '../support/gateway.ts';
import { Api } from '../support/chat.ts';

test('a long conversation opens at its end, goes up to its beginning without a jump, and back', async ({ chat, page, context, startGateway, startParley }) => {
  test.setTimeout(180_000);
  const gateway = await startGateway({
    answer: ({ message }) => answerOf(`Answer to **${message}**.\n\n${'More of it, line after line. '.repeat(3 + (message.length % 5) * 6)}\n\n- a\n- b\n`),
  });
  const parley = await startParley({ GATEWAY_URL: gateway.url });
  await chat.open(`${parley.url}/llm`);
  await chat.sayAndWait('message 0');
  const session_id = await chat.conversationOpened();
  const api = await Api.of(context, parley.url);
  const turns = 150;
  for (let at = 1; at < turns; at++) {
    await expect(async () => {
      const answer = await api.call('POST', '/api/chat/message', { session_id, agent_id: 'architect', message: `message ${at}` });
      expect(answer.status).toBe(202);
    }).toPass({ intervals: [5] });
  }
  await expect
    .poll(async () => (await api.get<{ running: boolean }>(`/api/chat/sessions/${session_id}`)).running)
    .toBe(false);

  await chat.open(`${parley.url}/llm/${session_id}`);
  await expect(chat.questions.last()).toContainText(`message ${turns - 1}`);
  await expect(chat.lastAnswer).toBeInViewport();

  // Wheels up; a row that is in sight before and after a step has moved by what was scrolled, and by nothing else.
  await page.mouse.move(700, 400);
  const jumps = await page.evaluate(async () => {
    const scroller = document.querySelector<HTMLElement>('.scroller')!;
    const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
    const jumps: string[] = [];
    let most = 0;
    let still = 0;
    while (still < 30) {
      const marked = [...scroller.querySelectorAll<HTMLElement>('[data-line]')].find(row => row.getBoundingClientRect().bottom > 300)!;
      const before = marked.getBoundingClientRect().top;
      const from = scroller.scrollTop;
      scroller.scrollTop -= 160;
      const scrolled = from - scroller.scrollTop;
      await frame();
      await frame();
      await new Promise(resolve => setTimeout(resolve, 20));
      const moved = marked.getBoundingClientRect().top - before;
      // What the pointer passes over may fade, but nothing comes in with a motion.
      const moving = scroller.getAnimations({ subtree: true }).filter(animation => animation instanceof CSSAnimation);
      if (moving.length > 0) jumps.push(`comes in with ${moving.map(({ animationName }) => animationName)}`);
      if (!marked.isConnected || Math.abs(moved - scrolled) > 2) jumps.push(`${marked.textContent?.slice(0, 20)}: ${moved} instead of ${scrolled}`);
      most = Math.max(most, document.querySelectorAll('*').length);
      still = scrolled === 0 ? still + 1 : 0;
    }
    return { jumps, most };
  });
  expect(jumps.jumps).toEqual([]);
  expect(jumps.most, 'elements in the document').toBeLessThan(2_500);
  await expect(chat.questions.first()).toContainText('message 0');

  await page.getByRole('button', { name: 'To the end' }).click();
  await expect(chat.lastAnswer).toBeInViewport();
  await expect(chat.questions.last()).toContainText(`message ${turns - 1}`);
  await chat.sayAndWait('and one more');
  await expect(chat.lastAnswer).toBeInViewport();
});
