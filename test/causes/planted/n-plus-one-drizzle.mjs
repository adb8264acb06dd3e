// Planted: a query for each item of an order, by Drizzle, all at once.
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const items = pgTable('items', { id: integer(), orderId: integer('order_id'), name: text() });
const reviews = pgTable('reviews', { id: integer(), itemId: integer('item_id'), text: text() });
const db = drizzle(new pg.Pool({ max: 5 }));
const app = express();

app.get('/orders/:id', async (request, response) => {
  const found = await db
    .select()
    .from(items)
    .where(eq(items.orderId, Number(request.params.id)));
  const withReviews = found.map(async (item) => ({
    ...item,
    reviews: await db.select().from(reviews).where(eq(reviews.itemId, item.id)),
  }));
  response.json(await Promise.all(withReviews));
});

serve(app);
