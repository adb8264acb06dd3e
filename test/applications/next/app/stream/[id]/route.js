import { rows } from '../../../drivers.js';

export async function GET(_request, { params }) {
  const { id } = await params;
  let left = 2;
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode(`${(await rows(id)).join()}\n`));
      if (--left === 0) controller.close();
    },
  });
  return new Response(body);
}
