export { createServer, get } from 'node:http';
