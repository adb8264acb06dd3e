import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pathTemplate } from '../src/trace/path-template.js';

const templates: Readonly<Record<string, string>> = {
  '': '',
  '/': '/',
  '/orders': '/orders',
  '/orders/42': '/orders/{id}',
  '/orders/42/': '/orders/{id}/',
  '/orders/42/items/7.json': '/orders/{id}/items/{id}.json',
  '/users/7253ca8c-33b3-4f84-b4f1-f5a4311ddfa4': '/users/{id}',
  '/users/7253CA8C-33B3-4F84-B4F1-F5A4311DDFA4/x': '/users/{id}/x',
  '/o/507f1f77bcf86cd799439011': '/o/{id}',
  '/t/eyJhbGciOiJIUzI1NiJ9abc': '/t/{id}',
  '/days/2026-11-30': '/days/{id}',
  '/order-42': '/{id}',
  '/a@b.example/inbox': '/{id}/inbox',
  '/reset/***': '/reset/{id}',
  // Names with digits stay: there are few of them.
  '/api/v2/s3/oauth2/md5': '/api/v2/s3/oauth2/md5',
  '/a/long-winded-but-plain-name': '/a/long-winded-but-plain-name',
  '/facade/decade': '/facade/decade',
  '/index.html': '/index.html',
};

for (const [path, template] of Object.entries(templates)) {
  test(`${path} is ${template}`, () => assert.equal(pathTemplate(path), template));
}

test('an endless path is cut, and takes no longer', () => {
  assert.ok(pathTemplate(`/${'a-'.repeat(1e6)}`).length <= 500);
  assert.ok(pathTemplate('/1'.repeat(1e6)).length <= 5000);
});
