// Sends twenty messages to a queue, and waits until the broker has them.
import amqp from 'amqplib';
import express from 'express';

import { serve } from '../serve.mjs';

const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createConfirmChannel();
const { queue } = await channel.assertQueue('', { exclusive: true });
const app = express();

app.post('/mails', async (request, response) => {
  for (let i = 0; i < 20; i++) channel.sendToQueue(queue, Buffer.from(`mail ${i}`));
  await channel.waitForConfirms();
  response.json({});
});

serve(app);
