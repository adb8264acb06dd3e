import { rows } from '../../../drivers.js';

export async function GET(_request, { params }) {
  const { id } = await params;
  return Response.json(await rows(id));
}
