// Hello by Express.
import express from 'express';

import { serve } from '../serve.mjs';

const app = express();
app.get('/', (request, response) => response.send('hello'));
serve(app);
