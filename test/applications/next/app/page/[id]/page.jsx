import { rows } from '../../../drivers.js';

export const dynamic = 'force-dynamic';

export default async function Page({ params }) {
  const { id } = await params;
  return <p>{(await rows(id)).join(' and ')}</p>;
}
