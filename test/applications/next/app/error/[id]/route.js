import { rows } from '../../../drivers.js';

export async function GET(_request, { params }) {
  const { id } = await params;
  await rows(id);
  throw new Error(`no ${id}`);
}
