// Nest on the platform that the first argument names. Its decorators are called as the functions they are.
import 'reflect-metadata';
import { Readable } from 'node:stream';

import {
  Body,
  Catch,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  StreamableFile,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import * as drivers from './drivers.cjs';

class Databases {
  both(id) {
    return drivers.both(id);
  }

  fail(id) {
    return drivers.fail(id);
  }

  lines(id) {
    return Readable.from(drivers.lines(id));
  }
}
Injectable()(Databases);

class Routes {
  constructor(databases) {
    this.databases = databases;
  }

  both(body) {
    return this.databases.both(body.id);
  }

  error(id) {
    return this.databases.fail(id);
  }

  stream(id) {
    return new StreamableFile(this.databases.lines(id), { type: 'text/plain' });
  }

  end() {
    setImmediate(() => drivers.end(app.getHttpServer()));
    return '';
  }
}
Controller()(Routes);
Inject(Databases)(Routes, undefined, 0);
const decorate = (method, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(Routes.prototype, method);
  for (const decorator of decorators) decorator(Routes.prototype, method, descriptor);
};
decorate('both', Post('both'), HttpCode(200));
Body()(Routes.prototype, 'both', 0);
decorate('error', Get('error/:id'));
Param('id')(Routes.prototype, 'error', 0);
decorate('stream', Get('stream/:id'));
Param('id')(Routes.prototype, 'stream', 0);
decorate('end', Get('end'));

class Errors {
  catch(error, host) {
    const response = host.switchToHttp().getResponse();
    // Both platforms have it.
    response.status(500).send({ error: error.message });
  }
}
Catch()(Errors);

class Application {}
Module({ controllers: [Routes], providers: [Databases] })(Application);

const { [`${process.argv[2]}Adapter`]: Adapter } = await import(
  process.argv[2] === 'Express' ? '@nestjs/platform-express' : '@nestjs/platform-fastify'
);
const app = await NestFactory.create(Application, new Adapter(), { logger: ['error'] });
app.useGlobalFilters(new Errors());
await app.listen(0, '127.0.0.1');
drivers.ready(app.getHttpServer());
