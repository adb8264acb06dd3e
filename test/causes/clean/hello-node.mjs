// Hello by Node alone.
import { serve } from '../serve.mjs';

serve((request, response) => response.end('hello'));
