import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { ConnectionError } from '../src/errors.js';
import { HttpTransport } from '../src/http.js';

describe('HTTP', () => {
  const seen = [];
  let answer;
  let server;
  let transport;

  before(async () => {
    server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { url, headers, socket } = request;
      seen.push({ url, headers, port: socket.remotePort, body: Buffer.concat(chunks).toString() });
      answer(response);
    });
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    transport = new HttpTransport(`http://127.0.0.1:${server.address().port}/prefix/`, 'key');
  });

  after(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });

  const post = (options = {}) => transport.post('/path', { a: 'ä' }, { timeoutSeconds: 5, ...options });

  test('posts JSON, on one connection, with the key', async () => {
    answer = (response) => response.writeHead(408, { 'Content-Type': 'text/plain' }).end('späť');
    const reply = await post({ headers: { 'X-Extra': '1' } });
    assert.deepEqual(reply, { status: 408, contentType: 'text/plain', text: 'späť' });
    await post();
    assert.equal(seen[0].port, seen[1].port);
    assert.equal(seen[0].url, '/prefix/path');
    assert.equal(seen[0].body, '{"a":"ä"}');
    assert.equal(seen[0].headers['x-api-key'], 'key');
    assert.equal(seen[0].headers['x-extra'], '1');
    assert.equal(seen[0].headers.accept, 'application/json');
  });

  test('a connection that breaks before or in a reply is a ConnectionError', async () => {
    answer = (response) => response.socket.destroy();
    await assert.rejects(post(), ConnectionError);
    answer = (response) => {
      response.writeHead(200, { 'Content-Length': 10 });
      response.write('half', () => response.socket.destroy());
    };
    await assert.rejects(post(), ConnectionError);
  });

  test('so is a reply that does not come in time', async () => {
    answer = () => {};
    await assert.rejects(post({ timeoutSeconds: 0.01 }), /no complete reply within 0.01 s/);
  });

  test('a compressed reply is read, and one that only says so is a ConnectionError', async () => {
    for (const [encoding, encode] of Object.entries({ gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync })) {
      answer = (response) => response.writeHead(200, { 'Content-Encoding': encoding }).end(encode('späť'));
      assert.equal((await post()).text, 'späť');
    }
    answer = (response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('späť');
    await assert.rejects(post(), ConnectionError);
    answer = (response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': 1000 });
      response.write(gzipSync('späť'), () => response.socket.destroy());
    };
    await assert.rejects(post(), ConnectionError);
  });

  test('a body that is no UTF-8 is no text', async () => {
    answer = (response) => response.end(Buffer.from([0x22, 0xff, 0x22]));
    assert.equal((await post()).text, '');
  });

  test('a redirect that keeps the method is followed, on the same server, twenty times', async () => {
    const answers = [
      (response) => response.writeHead(307, { Location: '/there' }).end(),
      (response) => response.writeHead(308, { Location: 'again?x=y' }).end(),
      (response) => response.end('here'),
    ];
    answer = (response) => answers.shift()(response);
    assert.equal((await post()).text, 'here');
    assert.deepEqual(seen.slice(-2).map(({ url, body }) => [url, body]), [['/there', '{"a":"ä"}'], ['/again?x=y', '{"a":"ä"}']]);
    answer = (response) => response.writeHead(307, { Location: 'http://127.0.0.1:1/' }).end();
    assert.equal((await post()).status, 307);
    answer = (response) => response.writeHead(303, { Location: '/there' }).end();
    assert.equal((await post()).status, 303);
    answer = (response) => response.writeHead(307, { Location: '/there' }).end();
    await assert.rejects(post(), /more than 20 redirects/);
  });

  test('an abort ends the request', async () => {
    const ended = new AbortController();
    answer = () => ended.abort(new Error('closed'));
    await assert.rejects(post({ signal: ended.signal }), /closed/);
  });
});
